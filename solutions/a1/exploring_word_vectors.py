# %% [markdown]
# # Assignment 1: from counts to vectors
#
# What does a word mean? "You shall know a word by the company it keeps", wrote J. R. Firth in 1957. In the first half
# of this notebook you count that company and squeeze the counts into two numbers a word, which you can look at. In the
# second half you question vectors that were learnt by predicting the company instead.
#
# Write each answer between its two lines `your code starts here` and `your code ends here`, and keep names and
# parameters as they are. `README.md` has the mathematics of each question. The cell after each question checks what you
# have run. In a terminal, in this folder, the same check reads the notebook as you last saved it, from top to bottom:
# `python sanity_check.py 1.2`.
#
# Your functions are checked by running the cells of this notebook from top to bottom, without what stands under
# `if __name__ == "__main__":`. That is true here and false there, so put what only looks at results, or takes long,
# under such a line.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD

from vectors import load_vectors, read_documents

START_TOKEN = "<START>"
END_TOKEN = "<END>"

# %%
from sanity import check

# %% [markdown]
# The texts: 300 short news stories from around 2001 (the Lee corpus, which comes with gensim), in lower case. A
# document starts with one special word and ends with another. They count as words like all others.


# %%
def read_corpus(documents):
    """Return the documents, each a list of words, between START_TOKEN and END_TOKEN."""
    return [[START_TOKEN, *words, END_TOKEN] for words in documents]


if __name__ == "__main__":
    corpus = read_corpus(read_documents())
    print(len(corpus), "documents;", "the first:", " ".join(corpus[0][:20]), "...")

# %% [markdown]
# ## 1 Counting
# ### 1.1 Distinct words


# %%
def distinct_words(corpus):
    """Question 1.1. List the words of a corpus.

    Args:
        corpus (list of list of str): documents, each a list of words.

    Returns:
        words (list of str): every word once, sorted as Python sorts strings.
        count (int): how many these are.
    """
    ### BEGIN SOLUTION 1.1
    words = sorted({word for document in corpus for word in document})
    count = len(words)
    ### END SOLUTION
    return words, count


# %%
check("1.1")

# %% [markdown]
# ### 1.2 Co-occurrence counts


# %%
def compute_co_occurrence_matrix(corpus, window_size=4):
    """Question 1.2. Count how often words stand near each other.

    Two places of the same document are neighbours if they are at most window_size apart. So a word at the edge of a
    document has fewer neighbours, and a word that stands twice near another counts twice.

    Args:
        corpus (list of list of str): documents, each a list of words.
        window_size (int): how many neighbours count on either side.

    Returns:
        M (array of shape (V, V)): M[i, j] is how often word j is a neighbour of word i.
        word2ind (dict): the row (and column) of each word.
    """
    ### BEGIN SOLUTION 1.2
    from counting import co_occurrences

    words, _ = distinct_words(corpus)
    word2ind = {word: index for index, word in enumerate(words)}
    M = co_occurrences(corpus, word2ind, window_size).toarray()
    ### END SOLUTION
    return M, word2ind


# %%
check("1.2")

# %% [markdown]
# ### 1.3 Fewer dimensions


# %%
def reduce_to_k_dim(M, k=2):
    """Question 1.3. Reduce each word's row of counts to k numbers by a truncated SVD.

    Args:
        M (array of shape (V, V)): co-occurrence counts.
        k (int): how many numbers to keep for each word, less than V.

    Returns:
        M_reduced (array of shape (V, k)): U S, the first k left singular vectors times their singular values.

    `TruncatedSVD` of scikit-learn, with `n_iter=10`, does this without computing the singular vectors you drop.
    """
    ### BEGIN SOLUTION 1.3
    M_reduced = TruncatedSVD(n_components=k, n_iter=10, random_state=0).fit_transform(M)
    ### END SOLUTION
    return M_reduced


# %%
check("1.3")

# %% [markdown]
# ### 1.4 A picture of some words


# %%
def plot_embeddings(M_reduced, word2ind, words):
    """Question 1.4. Draw a scatter plot of some words, each with its name beside its point.

    Args:
        M_reduced (array of shape (V, 2)): two numbers for each word of the vocabulary.
        word2ind (dict): the row of each word in M_reduced.
        words (list of str): the words to draw, and no others.

    Leave the figure open: the notebook shows it at the end of the cell, and the check reads points and labels off it.
    """
    ### BEGIN SOLUTION 1.4
    _, ax = plt.subplots()
    points = np.asarray(M_reduced)[[word2ind[word] for word in words]]
    ax.scatter(points[:, 0], points[:, 1], marker="x", color="red")
    for word, (x, y) in zip(words, points, strict=True):
        ax.annotate(word, (x, y), xytext=(3, 3), textcoords="offset points")
    ### END SOLUTION


# %%
check("1.4")

# %% [markdown]
# Now look. Rows are scaled to length one first, so that frequent words do not outrun the others.

# %%
if __name__ == "__main__":
    M, word2ind = compute_co_occurrence_matrix(corpus)
    M_reduced = reduce_to_k_dim(M, k=2)
    M_unit = M_reduced / np.linalg.norm(M_reduced, axis=1, keepdims=True)
    chosen = ["government", "minister", "police", "fire", "test", "match", "cricket", "israeli", "palestinian"]
    plot_embeddings(M_unit, word2ind, chosen)
    plt.show()

# %% [markdown]
# ### 1.5 What the picture shows (written)
#
# In `written.md`, under a heading `## 1.5`: which words lie together, which that you would expect together do not,
# and why? Count `<START>` among your suspects: what does the first direction of an SVD of raw counts mostly tell?

# %% [markdown]
# ## 2 Predicting
#
# Vectors that a model learnt by predicting words from their neighbours. `load_vectors()` trains small ones on the same
# 300 texts, in seconds. Better ones: `load_vectors("glove-wiki-gigaword-50")` fetches them (once, 66 MB), and
# `load_vectors("file.bin")` reads any file in word2vec's format. All of them are gensim `KeyedVectors`:
#
# | expression | what |
# |---|---|
# | `wv.index_to_key` | the words, a list |
# | `wv.key_to_index` | the row of each word, a dict |
# | `wv.vectors` | all vectors, an array of shape (V, d) |
# | `wv["house"]` | the vector of a word, or a `KeyError` |
# | `"house" in wv` | whether it has one |

# %%
if __name__ == "__main__":
    wv = load_vectors()
    print(len(wv.index_to_key), "words of", wv.vector_size, "numbers, such as", wv.index_to_key[:10])

# %% [markdown]
# ### 2.1 Vectors into a matrix


# %%
def get_matrix_of_vectors(wv, required_words):
    """Question 2.1. Stack the vectors of some words, so that what you wrote above can draw them.

    Args:
        wv (KeyedVectors): word vectors of length d.
        required_words (list of str): the words that are wanted. Those that wv does not know are left out.

    Returns:
        M (array of shape (n, d)): the vectors of the n words that wv knows.
        word2ind (dict): the row of each of these words in M.
    """
    ### BEGIN SOLUTION 2.1
    known = [word for word in dict.fromkeys(required_words) if word in wv]
    M = np.array([wv[word] for word in known]).reshape(len(known), wv.vector_size)
    word2ind = {word: index for index, word in enumerate(known)}
    ### END SOLUTION
    return M, word2ind


# %%
check("2.1")

# %%
if __name__ == "__main__":
    M, word2ind = get_matrix_of_vectors(wv, wv.index_to_key)
    M_reduced = reduce_to_k_dim(M, k=2)
    plot_embeddings(M_reduced, word2ind, [word for word in chosen if word in word2ind])
    plt.show()

# %% [markdown]
# ### 2.2 Cosine similarity


# %%
def cosine_similarity(u, v):
    """Question 2.2. Return the cosine of the angle between two vectors: 1 is the same direction, -1 the opposite.

    Args:
        u, v (arrays of shape (d,)): vectors, none of them zero.
    """
    ### BEGIN SOLUTION 2.2
    similarity = u @ v / (np.linalg.norm(u) * np.linalg.norm(v))
    ### END SOLUTION
    return similarity


# %%
check("2.2")

# %% [markdown]
# ### 2.3 Cosine distance


# %%
def cosine_distance(u, v):
    """Question 2.3. Return one minus the cosine similarity: 0 is the same direction, 2 the opposite.

    Args:
        u, v (arrays of shape (d,)): vectors, none of them zero.
    """
    ### BEGIN SOLUTION 2.3
    distance = 1 - cosine_similarity(u, v)
    ### END SOLUTION
    return distance


# %%
check("2.3")

# %% [markdown]
# ### 2.4 Nearest neighbours


# %%
def nearest_neighbours(wv, word, k=10):
    """Question 2.4. Find the words whose vectors have the most similar direction.

    Args:
        wv (KeyedVectors): word vectors.
        word (str): a word that wv knows.
        k (int): how many to find; all others if there are fewer.

    Returns:
        list of (str, float): words with their cosine similarity to word, most similar first, without word itself.
    """
    ### BEGIN SOLUTION 2.4
    lengths = np.linalg.norm(wv.vectors, axis=1) * np.linalg.norm(wv[word])
    similarities = wv.vectors @ wv[word] / lengths
    order = [i for i in np.argsort(-similarities) if wv.index_to_key[i] != word]
    neighbours = [(wv.index_to_key[i], float(similarities[i])) for i in order[:k]]
    ### END SOLUTION
    return neighbours


# %%
check("2.4")

# %%
if __name__ == "__main__":
    for word in ("cricket", "police"):
        print(word, nearest_neighbours(wv, word, 5))

# %% [markdown]
# ### 2.5 Analogies


# %%
def analogy(wv, a, b, c, k=1):
    """Question 2.5. Find the words d such that a is to b as c is to d.

    Args:
        wv (KeyedVectors): word vectors.
        a, b, c (str): words that wv knows.
        k (int): how many to find; all others if there are fewer.

    Returns:
        list of (str, float): words with their cosine similarity to b - a + c, where each of the three is first scaled
        to length one; most similar first, without a, b and c themselves.
    """
    ### BEGIN SOLUTION 2.5
    units = wv.vectors / np.linalg.norm(wv.vectors, axis=1, keepdims=True)
    target = units[wv.key_to_index[b]] - units[wv.key_to_index[a]] + units[wv.key_to_index[c]]
    similarities = units @ target / np.linalg.norm(target)
    order = [i for i in np.argsort(-similarities) if wv.index_to_key[i] not in (a, b, c)]
    answers = [(wv.index_to_key[i], float(similarities[i])) for i in order[:k]]
    ### END SOLUTION
    return answers


# %%
check("2.5")

# %%
if __name__ == "__main__":
    print("israeli : israel :: palestinian :", analogy(wv, "israeli", "israel", "palestinian", 3))

# %% [markdown]
# ### 2.6 Bias


# %%
def lean(wv, word, one, other):
    """Question 2.6. Measure whether a word stands nearer to one group of words than to another.

    Args:
        wv (KeyedVectors): word vectors.
        word (str): the word to probe, such as "nurse".
        one (list of str): one group, such as ["she", "woman"].
        other (list of str): another group, such as ["he", "man"]; the groups may differ in size.

    Returns:
        float: the mean cosine similarity of word with one, minus that with other. All words are known to wv.
    """
    ### BEGIN SOLUTION 2.6
    towards_one = np.mean([cosine_similarity(wv[word], wv[pole]) for pole in one])
    towards_other = np.mean([cosine_similarity(wv[word], wv[pole]) for pole in other])
    difference = towards_one - towards_other
    ### END SOLUTION
    return difference


# %%
check("2.6")

# %%
if __name__ == "__main__":
    for word in ("minister", "government", "mother", "workers", "captain"):
        print(f"{word:<12} {lean(wv, word, ['she', 'woman', 'her'], ['he', 'man', 'his']):+.2f}")

# %% [markdown]
# ### 2.7 Where it comes from (written)
#
# In `written.md`, under a heading `## 2.7`: find two words (with vectors of your choice) that lean in a way that
# a user of those vectors would mind. Where in the texts may that come from, and why would it not be enough to remove
# the two words?
