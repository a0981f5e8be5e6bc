"""What runs once in the zygote, so that workers start warm."""

from __future__ import annotations

import numpy as np


def warm_up() -> None:
    """Import and use once what notebooks do, so that workers start with it."""
    import matplotlib.pyplot as plt
    import scipy.sparse.linalg  # noqa: F401
    from gensim.models import KeyedVectors
    from sklearn.decomposition import TruncatedSVD

    TruncatedSVD(n_components=2, n_iter=10).fit_transform(np.eye(4))
    _, axes = plt.subplots()
    axes.scatter([0], [0])
    plt.close("all")
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b"], np.eye(2, dtype=np.float32))
    vectors.most_similar("a")
