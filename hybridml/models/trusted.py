"""The types that a saved model may hold beside those that skops trusts by itself.

skops builds objects of these types from their attributes, without running what a file
says, and none of them does anything when it is made that way. A file that holds any
other type is refused, so the list is kept short: our estimators, with the plain data
and plain layers inside them, and of other packages what our estimators hold. scikit-
learn's compiled trees are not among them, since arrays made up for them can crash the
process.
"""

from __future__ import annotations

from collections.abc import Iterator

_OURS = {
    "features.extractor": ("DeepFeatureExtractor",),
    "finetune.classifier": ("FineTuneClassifier",),
    "finetune.regressor": ("FineTuneRegressor",),
    "fusion.early.classifier": ("EarlyFusionClassifier",),
    "fusion.early.joined": ("JoinedHead",),
    "fusion.early.regressor": ("EarlyFusionRegressor",),
    "fusion.encoders.spectrogram_extractor": ("SpectrogramExtractor",),
    "fusion.encoders.table.category_encoder": ("CategoryEncoder", "_name"),
    "fusion.encoders.table.columns": ("Categories", "Durations", "Numbers"),
    "fusion.encoders.table.dates": ("Dates",),
    "fusion.encoders.table.encoding": ("_MissingMarks",),
    "fusion.encoders.table.squashing_scaler": ("SquashingScaler",),
    "fusion.encoders.table_encoder": ("TableEncoder",),
    "fusion.encoders.text_encoder": ("TextEncoder",),
    "fusion.intermediate.classifier": ("IntermediateFusionClassifier",),
    "fusion.intermediate.networks.attention": ("AttentionFusion",),
    "fusion.intermediate.networks.concatenation": ("Concatenation",),
    "fusion.intermediate.networks.fusion_network": ("FusionNetwork",),
    "fusion.intermediate.networks.gating": ("Gating",),
    "fusion.intermediate.networks.grouped_linear": ("GroupedLinear",),
    "fusion.intermediate.networks.grouped_norm": ("GroupedNorm",),
    "fusion.intermediate.networks.joint_model": ("JointModel",),
    "fusion.intermediate.networks.low_rank": ("LowRankFusion",),
    "fusion.intermediate.networks.trained_networks": ("TrainedNetworks",),
    "fusion.intermediate.regressor": ("IntermediateFusionRegressor",),
    "fusion.intermediate.training.block_preparer": ("BlockPreparer",),
    "fusion.intermediate.training.maps_encoder": ("with_maps",),
    "fusion.late.classifier": ("LateFusionClassifier",),
    "fusion.late.member": ("Member",),
    "fusion.late.regressor": ("LateFusionRegressor",),
    "fusion.late.sources": ("EncodedSource", "PlainSource"),
    "fusion.late.stacked": ("Stacked",),
    "fusion.learning.block_scaler": ("BlockScaler",),
    "fusion.learning.targets": ("Targets",),
    "fusion.learning.unit_rbf": ("unit_rbf",),
    "fusion.modalities.encoder": ("ModalityEncoder",),
    "fusion.modalities.modality": ("Modality",),
    "heads.calibrated_head": ("CalibratedHead",),
    "heads.floored_scaler": ("FlooredScaler",),
    "heads.multilabel_head": ("MultiLabelHead",),
    "heads.scaled_target_head": ("ScaledTargetHead",),
    "heads.xgboost_head": ("XGBoostClassifier", "XGBoostRegressor"),
    "models.stand_ins.module": ("Module",),
    "models.stand_ins.pairs": ("Pairs",),
    "models.stand_ins.table": ("Table",),
    "models.stand_ins.trees": ("Trees",),
    "models.stand_ins.tuned": ("Tuned",),
    "transfer.all_layers.classifier": ("AllLayersClassifier",),
    "transfer.all_layers.regressor": ("AllLayersRegressor",),
    "transfer.all_layers.selecting_head": ("SelectingHead",),
    "transfer.cases.cut_layer_regression_search": ("CutLayerRegressionSearch",),
    "transfer.cases.cut_layer_search": ("CutLayerSearch",),
    "transfer.cases.pretrained_classifier": ("PretrainedClassifier",),
    "transfer.layer_ensemble.classifier": ("LayerEnsembleClassifier",),
    "transfer.layer_ensemble.regressor": ("LayerEnsembleRegressor",),
    "transfer.transfer_classifier": ("TransferClassifier",),
    "transfer.transfer_regressor": ("TransferRegressor",),
}
_OF_OTHERS = {
    "datetime": ("timedelta", "timezone"),
    "functools": ("partial",),
    "numpy": ("dtype",),
    "sklearn.calibration": ("_CalibratedClassifier", "_SigmoidCalibration"),
    "sklearn.metrics._scorer": ("_PassthroughScorer",),
    "sklearn.model_selection._split": ("KFold", "StratifiedKFold"),
    "torch.nn.modules.activation": ("GELU",),
    "torch.nn.modules.container": ("ModuleList", "Sequential"),
    "torch.nn.modules.dropout": ("Dropout",),
    "torch.nn.modules.linear": ("Identity",),
    "xgboost.sklearn": ("XGBClassifier", "XGBRegressor"),
    "zoneinfo": ("ZoneInfo",),
}


def _list_names() -> Iterator[str]:
    for module, names in _OURS.items():
        yield from (f"hybridml.{module}.{name}" for name in names)
    for module, names in _OF_OTHERS.items():
        yield from (f"{module}.{name}" for name in names)


TRUSTED = tuple(_list_names())
