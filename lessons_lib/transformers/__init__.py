r"""Explaining a Vision Transformer: tokens folded into places, attention, relevance (lesson 12).

A Vision Transformer cuts the picture into patches and carries one vector for each, a *token*, from
block to block. In each block every token reads from all others; its *attention*, a row of weights
that sum to 1, says how much from which. Three kinds of maps follow.

- `with_folded_tokens` folds the tokens into a grid of places, so that Grad-CAM, Score-CAM and their
  family take the network as any other.
- `attention_map` draws attention as it is, and `rollout` follows it through all blocks. Neither
  knows a class.
- `relevance` follows it too, weighted by the gradient of the class's logit.

References
----------
A. Dosovitskiy et al., *An Image is Worth 16x16 Words*, ICLR 2021 (arXiv:2010.11929);
S. Abnar, W. Zuidema, *Quantifying Attention Flow in Transformers*, ACL 2020 (arXiv:2005.00928),
section 3;
H. Chefer, S. Gur, L. Wolf, *Generic Attention-model Explainability for Interpreting Bi-modal and
Encoder-Decoder Transformers*, ICCV 2021 (arXiv:2103.15679), equations 5 and 6.
"""

from lessons_lib.network import weights
from lessons_lib.network.classifier import Classifier
from lessons_lib.transformers._attention import attention
from lessons_lib.transformers._follow import attention_map, relevance, rollout, through_blocks
from lessons_lib.transformers._grid import Grid, fold, token_grid
from lessons_lib.transformers._places import with_folded_tokens

__all__ = [
    "Grid",
    "attention",
    "attention_map",
    "course_transformer",
    "fold",
    "relevance",
    "rollout",
    "through_blocks",
    "token_grid",
    "with_folded_tokens",
]


def course_transformer() -> Classifier:
    """The course's own Vision Transformer, which knows handwritten digits.

    7 x 7 patches of 8 x 8 pixels, a class token, 4 blocks of 4 heads. `lessons_lib.digits` makes
    pictures for it.

    Examples
    --------
    >>> course_transformer()
    <Classifier digit_transformer: 56 x 56 pixels, 10 classes, layer block4_norm1_places, 7 x 7>
    """
    model = weights.course_model("digit_transformer")
    names = [str(digit) for digit in range(10)]
    return with_folded_tokens(Classifier(model, names, "tf", name=model.name))
