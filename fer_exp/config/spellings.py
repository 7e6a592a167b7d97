"""What people who come from elsewhere type, and what it is called here: said, never silently taken.

Spellings are compared by their letters and digits alone: ``--batch-size``, ``batchSize`` and ``BATCH_SIZE`` are one.
They are those of torchvision's and timm's training scripts, Lightning, Keras, Hugging Face's Trainer, scikit-learn, and
of the code that papers on facial expressions release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fer_exp.errors import nearest


def letters(name: str) -> str:
    """What is compared of a name.

    >>> letters("--Batch-Size"), letters("FER+")
    ('batchsize', 'ferplus')
    """
    return re.sub(r"[^a-z0-9]", "", name.casefold().replace("+", "plus"))


KEYS = {
    # asking people, before rows that mean who answered
    "per_face={}": "raters raters_per_face n_raters num_raters answers_per_face labels_per_face annotators_per_face k "
    "redundancy overlap",
    "per_person={}": "trials n_trials num_trials trials_per_person faces_per_person images_per_person per_worker",
    "hash_ids={}": "hash anonymize anonymise anonymous pseudonymize pseudonymise salt",
    "host={}": "address bind ip listen hostname interface",
    "port={}": "p http_port server_port",
    "export={}": "static static_dir export_dir jatos pavlovia cognition build",
    "changed={}": "allow_changes go_on resume continue update",
    # everywhere
    "seed={}": "s random_seed random_state manual_seed rng_seed rand_seed seeds",
    "output={}": "o out outdir output_dir output_path output_folder out_dir save save_dir save_path save_to log_dir "
    "logdir results_dir result_dir result_path work_dir checkpoint_dir default_root_dir dest runs_dir output_file "
    "html page",
    "bootstrap={}": "n_boot n_bootstrap num_bootstrap bootstrap_samples bootstraps n_resamples resamples boot",
    # people
    "ratings={}": "answers annotations votes data file files input csv xlsx excel table responses survey path filename "
    "crowd rating pilot dataset_file spreadsheet",
    "gold={}": "gold_standard gold_labels gold_file truth ground_truth gt true_labels control",
    "lab={}": "lab_votes experts expert reference reference_votes",
    "against={}": "original original_labels reference labels compare_to baseline intended intended_emotion posed "
    "target truth gold ground_truth true_labels gold_labels",
    "worker={}": "worker_id worker_column worker_col rater raters rater_id rater_column annotator annotator_id user "
    "user_id participant participant_id subject",
    "task={}": "task_id task_column item item_id item_column image image_id face face_id question stimulus picture",
    "label={}": "label_column label_col answer answer_column response rating_column emotion expression choice",
    "min_gold_accuracy={}": "min_accuracy accuracy min_acc gold_accuracy accuracy_threshold threshold",
    "enough_gold_answers={}": "min_gold golden_set_answers_count min_gold_count min_control_answers enough_gold",
    "sure={}": "confident certain by_interval only_sure strict",
    "min_answers={}": "min_ratings min_labels min_n min_count min_responses",
    "min_skill={}": "min_kappa kappa",
    "min_seconds={}": "min_time min_rt min_duration",
    "methods=[{}]": "method aggregation aggregator aggregate algorithm model",
    "classes=[{}]": "class_names categories category emotions names label_names",
    "ignore=[{}]": "exclude drop skip remove",
    "weights={}": "weight weighting kappa_weights",
    "ties={}": "tie tie_break tie_breaking tiebreak",
    "raters={}": "n n_raters num_raters max_raters annotators",
    "budget={}": "cost money answers total",
    "scales=[{}]": "dimensions dimension traits trait rating_scales attributes measures variables dvs rating_columns",
    "faces={}": "n_faces num_faces n_images pictures images items stimuli",
    "pilot={}": "pilot_faces max_faces subsample",
    "min_shared={}": "min_overlap min_common overlap",
    # runs and predictions
    "votes={}": "labels annotations human people truth gold ground_truth answers ratings humans",
    "predictions={}": "pred preds prediction prediction_file predictions_file file csv input data table path results",
    "pictures={}#": "input inputs source src path paths file files data folder folders dir directory dataset csv table "
    "image_dir images_dir img_dir image_folder image_path img_path input_dir input_path data_dir photo photos_dir",
    "run={}": "r run_dir run_folder folder dir model checkpoint experiment path predictions file csv input",
    "runs={}": "run folders files models inputs predictions input path",
    "metrics=[{}]": "metric measure measures",
    "study={}": "s paper experiment name table preset study_file protocol survey questionnaire",
    "places={}": "path paths folder folders file files document documents readme target",
    "archive={}": "supplement supplementary keep_runs archived",
    "by={}": "group groups group_by groupby by_group subgroup subgroups stratify attribute attributes demographic "
    "demographics sensitive protected sex gender race ethnicity age culture strata",
    "groups={}": "demographics_file participants raters_file rater_table attributes_file group_file group_table",
    "permutations={}": "n_permutations n_perm perms",
    "format={}": "f fmt to type file_format export_format framework target",
    "overwrite={}": "force replace clobber exist_ok exists_ok y",
    "pictures={}": "images image faces show_images pics photos",
    "crop={}": "detect_faces face_detection detect align cropping detector",
    "margin={}": "padding pad expand",
    "device={}": "accelerator gpu cuda trainer use_gpu",
    "page={}": "html report show_pictures gallery",
    # trainings
    "dataset={}": "data data_set dataset_name data_name data_type corpus database db ds dataset_type",
    "backbone={}": "model arch architecture net network model_name model_type net_mode encoder base_model cnn resnet",
    "labels={}": "label label_mode label_type label_kind target targets target_type labeling annotation",
    "method={}": "loss loss_fn loss_function loss_type lossname criterion objective algorithm approach learner",
    "trainer.epochs={}": "e ep epoch n_epochs n_epoch num_epochs num_epoch nb_epoch max_epochs max_epoch total_epochs "
    "num_train_epochs train_epochs epochs_num niter",
    "trainer.learning_rate={}": "lr learn_rate base_lr init_lr initial_lr initial_learning_rate lr0 lr_init max_lr "
    "eta0",
    "trainer.head_learning_rate={}": "head_lr lr_head classifier_lr fc_lr",
    "trainer.batch_size={}": "b bs batch batches train_batch train_batch_size per_device_train_batch_size "
    "samples_per_gpu mini_batch minibatch_size",
    "trainer.optimizer={}": "opt optim optimiser optimizer_name optim_type solver",
    "trainer.weight_decay={}": "wd l2 decay_weight regularization",
    "trainer.schedule={}": "sched scheduler lr_scheduler lr_sched lr_schedule scheduler_type lr_policy "
    "lr_scheduler_type",
    "trainer.milestones={}": "lr_steps lr_step decay_milestones steps_lr",
    "trainer.decay={}": "gamma lr_gamma lr_decay decay_rate",
    "trainer.augment={}": "aug augmentation augmentations data_augmentation auto_augment aa transform transforms",
    "trainer.precision={}": "dtype mixed_precision",
    "trainer.keep={}": "save_model save_checkpoint save_checkpoints enable_checkpointing keep_checkpoint save_last "
    "save_weights save_total_limit",
    "trainer.save_every={}": "save_interval save_freq save_steps checkpoint_every checkpoint_interval checkpoint_freq "
    "train_time_interval every_n_train_steps save_every_minutes",
    "trainer.logger={}": "log logging report_to tracker",
    "trainer.balance={}": "class_weight class_weights class_balance sampling imbalance",
    "dataset.root={}": "d dir path data_dir data_path data_root root_dir root_path dataset_dir dataset_path "
    "dataset_root data_folder dataroot datapath image_dir images img_dir image_folder images_dir img_path raf_path "
    "aff_path fer_path train_dir input_dir folder data dataset directory source",
    "dataset.table={}": "csv csv_file csv_path train_csv annotation_file annotations label_path list_file data_file "
    "tsv dataframe file table metadata",
    "dataset.size={}": "img_size image_size imgsz input_size resolution image_resolution img_dim crop_size "
    "train_crop_size target_size height width im_size face_size",
    "dataset.classes={}": "num_classes n_classes num_class n_class nb_classes class_num number_of_classes "
    "output_classes nc num_labels num_emotions",
    "dataset.limit={}": "subset max_samples num_samples n_samples samples max_images limit_samples n",
    "dataset.train_limit={}": "train_size limit_train_batches n_train train_samples max_train_samples",
    "dataset.validation={}": "val_split validation_split val_ratio val_size valid_size val_fraction validation_size",
    "dataset.test={}": "test_split test_size test_ratio test_fraction",
    "dataset.folds={}": "n_splits n_folds num_folds k_folds k_fold kfold cv",
    "dataset.subset={}": "cafe_subset",
    "labels.noise={}": "noise_type noise_mode noise_kind corruption_type noise_model",
    "labels.rate={}": "noise_rate noise_ratio noise_level noise_fraction label_noise label_noise_rate corruption "
    "corruption_prob flip_rate flip_prob noise_percent noisy_rate r",
    "labels.smoothing={}": "label_smoothing ls smooth label_smooth",
    "labels.posteriors={}": "posterior soft_label_file",
    "labels.file={}": "noise_file noisy_labels_file noisy_file",
    "backbone.weights={}": "ckpt checkpoint ckpt_path checkpoint_path pretrained_path pretrain_path pretrained_model "
    "load load_model load_weights model_path init_weights initial_checkpoint resume_from resnet50_path state_dict "
    "finetune weight",
    "hydra/launcher={}": "launcher",
    "method.forget_rate={}": "forgetrate",
    "method.strength={}": "lam lambda lamda elr_lambda",
    "method.agreement={}": "lam lambda lamda co_lambda",
    "method.alpha={}": "lam lambda lamda mixup_alpha",
    "method.consistency_weight={}": "lam lambda lamda",
}
"""What to write -> how others spell its key; of several the first whose key the command has. A group comes before a key
of the same spelling where the value is one of its options. A ``#`` keeps two rows of one key apart."""

BY_VALUE = {
    "device accelerator gpu cuda use_cuda use_gpu gpu_id": {
        "trainer=gpu": "cuda gpu mps 0 cuda0 true yes on",
        "trainer=cpu": "cpu false no off",
    },
    "gpus num_gpus n_gpu n_gpus ngpu gpu_count num_devices n_devices nproc_per_node world_size": {
        "trainer=gpu": "1 0 true all",
        "trainer=cpu": "none false",
        "trainer=ddp trainer.devices={}": "#",
    },
    "devices": {"trainer=ddp trainer.devices={}": "#"},
    "ddp distributed multi_gpu strategy": {"trainer=ddp": "true ddp yes"},
    "pretrained imagenet use_pretrained pretrain weights": {
        "backbone.weights=imagenet": "true yes 1 imagenet default imagenet1k_v1 imagenet1k_v2",
        "backbone.weights=none": "false no 0 none null scratch",
    },
    "amp fp16 half use_amp autocast mixed_precision": {
        "trainer.precision=16-mixed": "true yes 1 fp16",
        "trainer.precision=bf16-mixed": "bf16",
        "trainer.precision=32-true": "false no 0",
    },
    "rater": {"raters={}": "#"},
    "method pretext objective algorithm model": {
        "task=contrast": "simclr contrast contrastive",
        "task=points": "points landmarks",
        "task=drawn": "drawn",
    },
    "bf16": {"trainer.precision=bf16-mixed": "true yes 1"},
    "noise": {"labels=noisy labels.rate={}": "#"},
    "soft soft_labels soft_label use_soft_labels": {"labels=soft": "true yes 1"},
    "hard hard_labels one_hot onehot": {"labels=onehot": "true yes 1"},
    "noisy noisy_labels": {"labels=noisy labels.rate={}": "#", "labels=noisy": "true yes 1"},
    "mixup mixup_alpha": {"method=mixup method.alpha={}": "#", "method=mixup": "true yes"},
    "wandb use_wandb": {"trainer.logger=wandb": "true yes 1"},
    "tensorboard tb": {"trainer.logger=tensorboard": "true yes 1"},
    "mlflow": {"trainer.logger=mlflow": "true yes 1"},
    "weighted weighted_loss": {"trainer.balance=weights": "true yes 1"},
    "sampler weighted_sampler oversample": {"trainer.balance=sampler": "true yes 1"},
    "no_aug": {"trainer.augment=none": "true yes 1"},
    "format output_format as_json to_json print_json": {"--json": "json true yes 1"},
    "verbose full detailed all_metrics details": {"all=true": "true yes 1"},
    "dry_run no_train skip_training": {"run=false": "true yes 1"},
    "intersection only_common": {"common=true": "true yes 1"},
}
"""Spellings -> what to write by the value: ``#`` is any number. One without a value, as ``--amp``, means true."""

OPTIONS = {
    "dataset": {
        "ferplus": "fer_plus fer2013plus fer2013new ferp",
        "fer2013": "fer kaggle fer13 fer2013csv",
        "rafdb": "raf rafdb_basic rafbasic raf_basic",
        "affectnet": "affect affectnet7 affectnet8 affectnet_7 aff",
        "cafe": "cafe_set childaffectivefacialexpression",
        "synthetic": "builtin built_in toy demo fake dummy drawn",
        "folder": "imagefolder image_folder custom own mine my mydata folders images pictures dir directory ck ckplus "
        "ck48 cohnkanade jaffe kdef akdef rafd nimstim expw ferg lfw sfew oulu emotic fane emofan csv table",
    },
    "labels": {
        "onehot": "hard single argmax majority_vote majority mv standard normal clean ce",
        "soft": "distribution ldl probability probabilities label_distribution votes proportions soft_labels crowd",
        "noisy": "noise symmetric_noise corrupted wrong",
        "aggregated": "dawidskene ds glad mace posterior",
        "multi_target": "multilabel multi_label multihot",
        "sampled": "sample random stochastic",
        "multipass": "repeated passes",
    },
    "backbone": {"resnet18": "r18 rn18 res18", "resnet50": "r50 rn50 res50 resnet", "resnet152": "r152 rn152 res152"},
    "method": {
        "ce": "crossentropy cross_entropy cross_entropy_loss nll softmax categorical_crossentropy baseline standard "
        "none",
        "gce": "generalized_cross_entropy generalised_cross_entropy lq",
        "sce": "symmetric_cross_entropy symmetric_ce sl",
        "label_smoothing": "ls smoothing smooth",
        "elr": "early_learning_regularization elr_plus",
        "co_teaching": "coteach ct",
        "scn": "self_cure self_cure_network selfcure",
        "rul": "relative_uncertainty relative_uncertainty_learning",
        "eac": "erasing_attention_consistency",
        "mixup": "mix_up",
        "ncctfer": "ncct nct",
    },
    "trainer": {
        "gpu": "cuda cuda0 mps single_gpu",
        "cpu": "none",
        "ddp": "multi_gpu distributed dp gpus",
        "auto": "default",
    },
    "dataset.crop": {"face": "true yes on 1 faces mediapipe align aligned", "none": "false no off 0"},
    "format": {
        "safetensors": "weights st huggingface hf",
        "onnx": "ort onnxruntime tensorrt openvino coreml tflite",
        "torchscript": "pt pth jit ts script traced pytorch torch libtorch",
    },
    "trainer.optimizer": {"adamw": "adam_w", "adam": "adam", "sgd": "momentum nesterov sgd_momentum"},
    "trainer.schedule": {
        "cosine": "cos cosineannealing cosineannealinglr cosine_annealing cosine_lr",
        "step": "steplr multistep multisteplr multi_step",
        "exponential": "exp exponentiallr",
        "linear": "poly linearlr polynomial",
        "constant": "none fixed null off const",
    },
    "trainer.precision": {
        "16-mixed": "16 fp16 half float16 amp mixed 16bit",
        "bf16-mixed": "bf16 bfloat16",
        "32-true": "32 fp32 float32 full 32bit",
        "64-true": "64 fp64 float64 double",
    },
    "trainer.accelerator": {"gpu": "cuda cuda0"},
    "device": {"gpu": "cuda cuda0 true yes 0 1", "cpu": "false no none", "mps": "apple metal"},
    "trainer.augment": {
        "weak": "true default basic light standard flip on yes",
        "strong": "randaugment rand_augment autoaugment heavy trivialaugment cutout",
        "none": "false no off null",
    },
    "trainer.logger": {"tensorboard": "tb", "wandb": "weights_and_biases", "csv": "none false file"},
    "trainer.balance": {
        "sampler": "oversampling weighted_sampler weighted_random_sampler balanced oversample",
        "weights": "weight weighted class_weights weighted_loss true",
    },
    "trainer.keep": {
        "network": "true yes on weights model safetensors",
        "checkpoint": "all full everything last ckpt optimizer",
        "none": "false no off nothing null 0",
    },
    "trainer.every_epoch": {"val": "true validation valid", "none": "false no"},
    "labels.noise": {
        "symmetric": "sym symm uniform_noise random",
        "asymmetric": "asym asymm",
        "pairflip": "pair flip pair_flip",
        "human": "confusion humans people",
        "human_face": "instance idn instance_dependent",
    },
    "labels.rule": {"majority": "mv majority_vote plurality", "all": "none every", "crossentropy": "ce cross_entropy"},
    "backbone.weights": {
        "imagenet": "true imagenet1k imagenet1k_v1 default pretrained",
        "none": "false scratch random",
    },
    "task": {
        "drawn": "synthetic action_units",
        "contrast": "simclr contrastive moco byol",
        "points": "landmarks keypoints",
    },
    "study": {"noisy-labels": "noise noisy", "cafe-soft": "cafe soft", "affectnet-crowd": "affectnet crowd"},
    "methods": {"majority": "mv majority_vote", "dawid_skene": "ds em dawidskene"},
    "split": {"val": "valid validation dev", "test": "testing all"},
}
"""Group or key -> its option -> how others spell it; letters alone are compared, so that ``FER-2013`` needs no row."""

TOLD = {
    "workers num_workers n_workers data_workers dataloader_num_workers j": "there are no worker processes to set, "
    "faces are read from memory; of a sweep, hydra/launcher=joblib runs several trainings side by side",
    "n_jobs jobs parallel processes": "hydra/launcher=joblib hydra.launcher.n_jobs=4 runs a sweep's trainings side by "
    "side; give that with -m",
    "resume continue restart auto_resume resume_training": "the same command goes on where it was interrupted, and "
    "backbone.weights=FILE starts from weights",
    "run_name exp_name experiment_name exp run_id tag project comment": "runs are named after their config, so that "
    "the same command finds them; output=FOLDER says where they lie",
    "experiment": "a study is a table of trainings; fer-exp table study=NAME makes it, and fer-exp table --help lists "
    "them",
    "patience early_stopping early_stop save_best best monitor": "no epoch is chosen, the last one is the result; "
    "trainer.epochs=N says how many there are",
    "momentum nesterov": "trainer.optimizer=sgd has momentum 0.9, Nesterov's, and nothing sets it",
    "shuffle": "training faces are shuffled in each epoch, and nothing sets it",
    "download": "no corpus is downloaded; fer-exp prepare dataset=NAME says where to get one and how it must lie",
    "config cfg_file config_file config_name config_path config_dir conf yaml cfg_path": "the command chooses the "
    "config; give what differs as KEY=VALUE, and --cfg job prints the whole",
    "verbose v quiet q log_level debug_mode silent": "progress goes to standard error, results to standard output, and "
    "nothing sets it",
    "dry_run dryrun": "--cfg job prints the config and runs nothing",
    "kappa icc alpha fleiss krippendorff cohen statistic": "agreement computes every measure that the answers allow",
    "threshold top_k topk min_confidence": "all probabilities are given, and nothing sets a threshold",
    "ssl https tls cert certificate": "the page is served as it is; a web server before it speaks HTTPS (docs/rate.md)",
    "webcam camera video stream": "pictures are read, no videos; save frames as pictures and give their folder",
    "help_all usage info": "fer-exp COMMAND --help lists the keys",
}
"""Spellings of what there is not -> what there is in its place."""


def option_called(key: str, name: str, options: Iterable[str], alike: float = 0.6) -> str | None:
    """The option that a name stands for: by its letters, by ``OPTIONS``, else the nearest, None where none is near.

    Of a name with digits, only an option with the same digits is near: ``resnet34`` is not a slip for ``resnet18``.

    >>> option_called("backbone", "ResNet-18", ("resnet18", "resnet50"))
    'resnet18'
    >>> option_called("backbone", "resnet34", ("resnet18", "resnet50")) is None
    True
    """
    options = list(options)
    asked = letters(name)
    same = [option for option in options if letters(option) == asked]
    others = OPTIONS.get(key, {})
    same += [option for option, spelt in others.items() if option in options and asked in _spelt(spelt)]
    if same or not asked:
        return same[0] if same else None
    digits = sorted(filter(str.isdigit, asked))
    starts = [option for option in options if len(asked) > 2 and letters(option).startswith(asked)]
    if alike < 1 and starts:
        return starts[0]
    numbered = any(char.isdigit() for option in options for char in option)
    near = [option for option in options if not (digits and numbered) or sorted(filter(str.isdigit, option)) == digits]
    return nearest(name, near, alike)


def _spelt(spellings: str) -> set[str]:
    return {letters(word) for word in spellings.split()}
