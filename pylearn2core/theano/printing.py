"""`theano.printing`."""

from pytensor.printing import Print, debugprint, min_informative_str, pp, pprint, pydotprint

__all__ = ["Print", "debugprint", "min_informative_str", "pp", "pprint", "pydotprint"]
