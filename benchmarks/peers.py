"""The reference implementation of each metric, as its users call it: from frames to named numbers."""

from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.psi import _psi
from evidently.legacy.calculations.stattests.wasserstein_distance_norm import _wasserstein_distance_norm
from evidently.legacy.core import ColumnType
from fairlearn import metrics as fairness
from nannyml.performance_estimation.confidence_based.metrics import estimate_accuracy, estimate_f1, estimate_precision, estimate_recall, estimate_roc_auc
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from rows import QUERY_ROWS


@dataclass
class Peer:
    """Which metric of ours, with which inputs, against which work on the same columns."""

    plugin: str
    name: str
    inputs: dict
    work: Callable
    reference: bool = False
    parameters: dict = field(default_factory=dict)
    within: float = 1e-9

    @property
    def columns(self) -> list[str]:
        bound = [columns if isinstance(columns, list) else [columns] for columns in self.inputs.values()]
        return sorted({column for columns in bound for column in columns})


def column(frame: pd.DataFrame) -> np.ndarray:
    return frame.iloc[:, 0].to_numpy()


def shares(current, reference):
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, 11)))
    edges[0], edges[-1] = -np.inf, np.inf
    return [np.histogram(side, edges)[0] / len(side) for side in (current, reference)]


def numpy_psi(current, reference):
    c, r = (np.maximum(side, 1e-4) for side in shares(column(current), column(reference)))
    return {"psi": np.sum((c - r) * np.log(c / r))}


def evidently_psi(current, reference):
    return {"psi": _psi(reference.iloc[:, 0], current.iloc[:, 0], ColumnType.Numerical, 0.1)[0]}


def scipy_ks(current, reference):
    return {"statistic": stats.ks_2samp(column(current), column(reference)).statistic}


def chi2(current, reference):
    counts = [side.iloc[:, 0].value_counts() for side in (current, reference)]
    result = stats.chi2_contingency(pd.concat(counts, axis=1).fillna(0).to_numpy().T)
    return {"statistic": result.statistic}


def wasserstein(current, reference):
    return {"normalized": _wasserstein_distance_norm(reference.iloc[:, 0], current.iloc[:, 0], ColumnType.Numerical, 0.1)[0]}


def distances(current, reference):
    c, r = shares(column(current), column(reference))
    hellinger = np.sqrt(np.sum((np.sqrt(c) - np.sqrt(r)) ** 2) / 2)
    return {"jensen_shannon": jensenshannon(r, c, 2), "hellinger": hellinger, "total_variation": np.abs(c - r).sum() / 2}


def two_sample(current, reference):
    x, y = column(current), column(reference)
    made = {
        "mann_whitney_statistic": stats.mannwhitneyu(x, y).statistic,
        "cramer_von_mises_statistic": stats.cramervonmises_2samp(x, y, method="asymptotic").statistic,
        "anderson_darling_statistic": stats.anderson_ksamp([x, y], variant="midrank").statistic,
        "welch_t_statistic": stats.ttest_ind(x, y, equal_var=False).statistic,
        "epps_singleton_statistic": stats.epps_singleton_2samp(x, y).statistic,
        "energy_distance": stats.energy_distance(x, y),
    }
    return made


def drift_auto(current, reference):
    return {"distance": wasserstein(current, reference)["normalized"]}


def new_categories(current, reference):
    new = ~current.iloc[:, 0].isin(reference.iloc[:, 0].unique())
    return {"count": new.sum()}


def roc_auc(frame):
    return {"roc_auc": metrics.roc_auc_score(frame["label"], frame["score"])}


def average_precision(frame):
    metrics.precision_recall_curve(frame["label"], frame["score"])
    return {"average_precision": metrics.average_precision_score(frame["label"], frame["score"])}


def binary_classification(frame):
    truth, decided = frame["label"], (frame["score"] >= 0.5).astype(int)
    names = {"accuracy": metrics.accuracy_score, "precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score,
             "matthews_correlation": metrics.matthews_corrcoef, "cohen_kappa": metrics.cohen_kappa_score, "balanced_accuracy": metrics.balanced_accuracy_score}
    return {name: score(truth, decided) for name, score in names.items()}


def calibration(frame):
    calibration_curve(frame["label"], frame["score"], n_bins=10)
    return {"brier": metrics.brier_score_loss(frame["label"], frame["score"]), "log_loss": metrics.log_loss(frame["label"], frame["score"])}


def multiclass(frame):
    truth, decided = frame["class"], frame["guess"]
    made = {"accuracy": metrics.accuracy_score(truth, decided)}
    for average in ["macro", "micro", "weighted"]:
        made[f"{average}_f1"] = metrics.precision_recall_fscore_support(truth, decided, average=average)[2]
    return made


def multiclass_roc_auc(frame):
    votes = frame[["vote_x", "vote_y", "vote_z"]].to_numpy()
    score = lambda way: metrics.roc_auc_score(frame["class"], votes, multi_class=way)
    return {"roc_auc": score("ovr"), "one_vs_one_roc_auc": score("ovo")}


def regression(frame):
    """All that the plugin reports, its chart of error quantiles included."""
    t, p = frame["target"], frame["prediction"]
    names = {"mae": metrics.mean_absolute_error, "mse": metrics.mean_squared_error, "rmse": metrics.root_mean_squared_error, "r2": metrics.r2_score,
             "mape": metrics.mean_absolute_percentage_error, "explained_variance": metrics.explained_variance_score, "max_error": metrics.max_error,
             "median_absolute_error": metrics.median_absolute_error, "msle": metrics.mean_squared_log_error, "pinball": lambda t, p: metrics.mean_pinball_loss(t, p, alpha=0.5),
             "rmsle": metrics.root_mean_squared_log_error, "mean_error": lambda t, p: (p - t).mean(),
             "wape": lambda t, p: (p - t).abs().sum() / t.abs().sum(),
             "smape": lambda t, p: (2 * (p - t).abs() / (p.abs() + t.abs())).mean()}
    np.quantile(p - t, np.linspace(0, 1, 101))
    return {name: score(t, p) for name, score in names.items()}


def ranking(frame):
    rows = len(frame) // QUERY_ROWS * QUERY_ROWS
    matrix = lambda name: frame[name].to_numpy()[:rows].reshape(-1, QUERY_ROWS)
    return {"ndcg": metrics.ndcg_score(matrix("relevance"), matrix("score"), k=10)}


def fair(frame):
    data = {"y_true": frame["label"], "y_pred": (frame["score"] >= 0.5).astype(int), "sensitive_features": frame["group"]}
    return {
        "statistical_parity_difference": fairness.demographic_parity_difference(**data),
        "disparate_impact_ratio": fairness.demographic_parity_ratio(**data),
        "equalized_odds_difference": fairness.equalized_odds_difference(**data),
    }


def label_coverage(frame):
    lags = (frame["arrived"] - frame["time"]).dropna().dt.total_seconds()
    lags.quantile([0.5, 0.95])
    return {"coverage": frame["truth"].notna().mean()}


def estimated(frame):
    scores = frame["score"].to_numpy()
    decided = (scores >= 0.5).astype(int)
    for estimate in (estimate_precision, estimate_recall):
        estimate(decided, scores)
    estimate_roc_auc(scores, scores)
    return {"accuracy": estimate_accuracy(decided, scores), "f1": estimate_f1(decided, scores)}


def summary(frame):
    values = frame["value"]
    described = values.describe(percentiles=[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    values.nunique()
    return {"mean": described["mean"], "std": described["std"], "min": described["min"], "max": described["max"]}


def data_quality(frame):
    values = frame["value"]
    values.nunique(), values.duplicated().mean(), ((values < -3) | (values > 3)).mean()
    return {"missing_share": values.isna().mean(), "infinite_share": np.isinf(values).mean()}


def correlation(frame):
    x, y = frame["value"], frame["other"]
    return {"pearson": stats.pearsonr(x, y).statistic, "spearman": stats.spearmanr(x, y).statistic}


def multivariate(current, reference):
    scaler = StandardScaler().fit(reference.to_numpy())
    pca = PCA(0.65).fit(scaler.transform(reference.to_numpy()))

    def error(frame):
        scaled = scaler.transform(frame.to_numpy())
        left = scaled - pca.inverse_transform(pca.transform(scaled))
        return np.linalg.norm(left, axis=1).mean()

    # What is usual is reported beside it, as NannyML does.
    return {"reconstruction_error": error(current), "reference_error": error(reference)}


VALUE, SCORED = {"value": "value"}, {"score": "score", "label": "label"}
PEERS = [
    Peer("psi", "NumPy", VALUE, numpy_psi, reference=True),
    Peer("psi", "Evidently", VALUE, evidently_psi, reference=True, parameters={"mode": "evidently"}),
    Peer("ks", "SciPy", VALUE, scipy_ks, reference=True),
    Peer("chi2", "pandas + SciPy", {"value": "category"}, chi2, reference=True),
    Peer("wasserstein", "Evidently (SciPy)", VALUE, wasserstein, reference=True),
    Peer("distribution-distance", "NumPy + SciPy", VALUE, distances, reference=True),
    Peer("two-sample", "SciPy", VALUE, two_sample, reference=True,
         parameters={"tests": ["mann_whitney", "cramer_von_mises", "anderson_darling", "welch_t", "epps_singleton", "energy_distance"]}),
    Peer("drift-auto", "Evidently", VALUE, drift_auto, reference=True),
    Peer("new-categories", "pandas", {"value": "category"}, new_categories, reference=True),
    Peer("multivariate-drift", "scikit-learn", {"values": ["value", "other", "third", "prediction", "target"]}, multivariate, reference=True),
    Peer("roc-auc", "scikit-learn", SCORED, roc_auc),
    Peer("average-precision", "scikit-learn", SCORED, average_precision),
    Peer("binary-classification", "scikit-learn", SCORED, binary_classification),
    Peer("calibration", "scikit-learn", SCORED, calibration),
    Peer("multiclass", "scikit-learn", {"prediction": "guess", "label": "class"}, multiclass),
    Peer("multiclass-roc-auc", "scikit-learn", {"scores": ["vote_x", "vote_y", "vote_z"], "label": "class"}, multiclass_roc_auc),
    Peer("regression", "scikit-learn", {"prediction": "prediction", "target": "target"}, regression),
    Peer("ranking", "scikit-learn", {"query": "query", "score": "score", "relevance": "relevance"}, ranking),
    Peer("fairness", "Fairlearn", SCORED | {"group": "group"}, fair),
    Peer("label-coverage", "pandas", {"label": "truth", "time": "time", "labelled_at": "arrived"}, label_coverage),
    Peer("estimated-performance", "NannyML", {"score": "score"}, estimated),
    Peer("summary", "pandas", VALUE, summary),
    Peer("data-quality", "pandas", VALUE, data_quality),
    Peer("correlation", "SciPy", {"x": "value", "y": "other"}, correlation),
]
