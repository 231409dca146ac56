"""k-means that says how good its centres are: a model of Pylearn2's with channels of your own."""

import numpy
from pylearn2.models.kmeans import KMeans


class MeasuredKMeans(KMeans):
    """KMeans with a channel `<name>_mean_squared_distance` for each monitoring dataset.

    seed: of the examples that are the first centres.
    monitoring_dataset: mapping of names to datasets.
    """

    def __init__(self, k, nvis, seed, monitoring_dataset):
        super().__init__(k=k, nvis=nvis)
        self.seed = seed
        self.monitoring_dataset = monitoring_dataset
        # A saved model holds no data.
        self.register_names_to_del("monitoring_dataset")

    def train_all(self, dataset):
        """Train to convergence; Train measures the channels after it."""
        X = dataset.get_design_matrix()
        rows = numpy.random.RandomState(self.seed).randint(len(X), size=self.k)
        super().train_all(dataset, mu=X[rows])
        for name, measured in self.monitoring_dataset.items():
            X = self.input_space.make_theano_batch()
            self.monitor.add_dataset(measured, batch_size=measured.get_num_examples())
            self.monitor.add_channel(
                f"{name}_mean_squared_distance",
                X,
                self.mean_squared_distance(X),
                dataset=measured,
                data_specs=(self.input_space, "features"),
            )

    def mean_squared_distance(self, X):
        """Mean over the rows of X of the squared distance to the nearest centre."""
        distances = ((X[:, None, :] - self.mu[None, :, :]) ** 2).sum(axis=2)
        return distances.min(axis=1).mean()
