# fer-exp in a container.
#
#   docker build -t fer-exp .                            for CPUs
#   docker build -t fer-exp --build-arg TORCH=cuda .     for NVIDIA GPUs: run it with --gpus all
#   docker run --rm -v "$PWD/faces:/data:ro" -v "$PWD:/work" --user "$(id -u):$(id -g)" fer-exp train /data
#
# /data is for faces, /work for runs and tables, /cache for prepared faces.

FROM python:3.12-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
ARG TORCH=cpu
COPY --from=build /wheels /wheels
COPY constraints.txt /wheels/
# uv knows where PyTorch keeps its builds; the ordinary one for Linux has CUDA. The versions are those that are tested.
RUN case "$TORCH" in cpu) backend=--torch-backend=cpu ;; cuda) backend= ;; *) echo "TORCH is cpu or cuda" >&2; exit 1 ;; esac \
    && python -m pip install --no-cache-dir uv \
    && uv pip install --system --no-cache --compile-bytecode $backend --constraint /wheels/constraints.txt /wheels/*.whl \
    && python -m pip uninstall --yes uv \
    && rm -rf /wheels
# Whoever runs the container may write here: with --user that is the person whose folders are mounted.
RUN useradd --create-home researcher && mkdir /data /work /cache && chmod 1777 /work /cache
ENV FER_EXP_CACHE=/cache MPLCONFIGDIR=/tmp/matplotlib
USER researcher
WORKDIR /work
VOLUME ["/data", "/work", "/cache"]
ENTRYPOINT ["fer-exp"]
CMD ["--help"]
