"""scikit-learn's digits in black and white, for units that are 0 or 1."""

from pylearn2.datasets.digits import Digits


class BinaryDigits(Digits):
    """Digits with every pixel 0 or 1: 1 from `threshold` on.    which_set: as Digits'."""

    def __init__(self, which_set, threshold=0.5):
        super().__init__(which_set)
        grey = self.get_design_matrix()
        self.set_design_matrix((grey >= threshold).astype(grey.dtype))
