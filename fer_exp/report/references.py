"""Works that a paragraph can cite: how each is cited in the text, and its entry in a list of references (APA 7)."""

from __future__ import annotations

WORKS = {
    "Efron & Tibshirani, 1993": "Efron, B., & Tibshirani, R. J. (1993). *An introduction to the bootstrap*. Chapman & "
    "Hall.",
    "Guo et al., 2017": "Guo, C., Pleiss, G., Sun, Y., & Weinberger, K. Q. (2017). On calibration of modern neural "
    "networks. *Proceedings of the 34th International Conference on Machine Learning*, *70*, 1321–1330.",
    "He et al., 2016": "He, K., Zhang, X., Ren, S., & Sun, J. (2016). Deep residual learning for image recognition. "
    "*Proceedings of the IEEE Conference on Computer Vision and Pattern Recognition*, 770–778. "
    "https://doi.org/10.1109/CVPR.2016.90",
    "Hesterberg, 2015": "Hesterberg, T. C. (2015). What teachers should know about the bootstrap: Resampling in the "
    "undergraduate statistics curriculum. *The American Statistician*, *69*(4), 371–386. "
    "https://doi.org/10.1080/00031305.2015.1089789",
    "Holm, 1979": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. *Scandinavian Journal of "
    "Statistics*, *6*(2), 65–70.",
    "Lin, 1989": "Lin, L. I.-K. (1989). A concordance correlation coefficient to evaluate reproducibility. "
    "*Biometrics*, *45*(1), 255–268. https://doi.org/10.2307/2532051",
    "Lin, 1991": "Lin, J. (1991). Divergence measures based on the Shannon entropy. *IEEE Transactions on Information "
    "Theory*, *37*(1), 145–151. https://doi.org/10.1109/18.61115",
    "Peterson et al., 2019": "Peterson, J. C., Battleday, R. M., Griffiths, T. L., & Russakovsky, O. (2019). Human "
    "uncertainty makes classification more robust. *Proceedings of the IEEE/CVF International Conference on Computer "
    "Vision*, 9617–9626. https://doi.org/10.1109/ICCV.2019.00971",
    "Resnick et al., 2021": "Resnick, P., Kong, Y., Schoenebeck, G., & Weninger, T. (2021). *Survey equivalence: A "
    "procedure for measuring classifier accuracy against human labels*. arXiv. "
    "https://doi.org/10.48550/arXiv.2106.01254",
    "Rubner et al., 2000": "Rubner, Y., Tomasi, C., & Guibas, L. J. (2000). The earth mover's distance as a metric for "
    "image retrieval. *International Journal of Computer Vision*, *40*(2), 99–121. "
    "https://doi.org/10.1023/A:1026543900054",
    "Satterthwaite, 1946": "Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance "
    "components. *Biometrics Bulletin*, *2*(6), 110–114. https://doi.org/10.2307/3002019",
    "Uma et al., 2021": "Uma, A. N., Fornaciari, T., Hovy, D., Paun, S., Plank, B., & Poesio, M. (2021). Learning from "
    "disagreement: A survey. *Journal of Artificial Intelligence Research*, *72*, 1385–1470. "
    "https://doi.org/10.1613/jair.1.12752",
}  # fmt: skip
"""Citation -> entry; titles of books and journals between asterisks, as Markdown sets italics."""


def cited(text: str) -> list[str]:
    """The entries of all works that a text cites, in the order of a list of references.

    >>> [entry[:10] for entry in cited("corrected (Holm, 1979), over runs, with those of Satterthwaite (1946)")]
    ['Holm, S. (', 'Satterthwa']
    """
    narrative = {citation: citation.replace(", ", " (") + ")" for citation in WORKS}
    return [entry for citation, entry in sorted(WORKS.items()) if citation in text or narrative[citation] in text]
