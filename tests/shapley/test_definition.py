"""Shapley values against the axioms, all orders, a brute force, and the shap library."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from lessons_lib import exercises
from lessons_lib.shapley import (
    coalitions,
    conditional,
    distinct_rows,
    exact,
    interactions,
    interventional,
    kernel_estimate,
    kernel_shap,
    kernel_weights,
    marginal_contributions,
    permutation_sampling,
    subset_weights,
    table_game,
)
from lessons_lib.shapley._sampling import _kernel_sample

ABC = {"": 0, "A": 4, "B": 7, "C": 5, "AB": 10, "AC": 16, "BC": 20, "ABC": 35}


def random_game(n: int, seed: int = 0):
    """Any value for each coalition, also for nobody."""
    values = np.random.default_rng(seed).normal(size=2**n)
    return lambda Z: values[np.asarray(Z, int) @ (1 << np.arange(n))]


def pairwise_game(n: int, seed: int = 0):
    """Main effects and interactions of pairs only; Shapley: own effect and half of each pair."""
    rng = np.random.default_rng(seed)
    main, pairs = rng.normal(size=n), np.triu(rng.normal(size=(n, n)), 1)
    value = lambda Z: 1 + Z @ main + np.einsum("ki,ij,kj->k", Z * 1.0, pairs, Z * 1.0)  # noqa: E731
    return value, main + (pairs + pairs.T).sum(1) / 2, pairs + pairs.T


def counted(value):
    """The game, and a list of how many coalitions it was asked for at each call."""
    calls = []

    def ask(Z):
        calls.append(len(Z))
        return value(Z)

    return ask, calls


class TestDefinition:
    def test_the_three_workers_by_hand(self) -> None:
        phi = exact(table_game(ABC), 3)
        np.testing.assert_allclose(phi, [52 / 6, 73 / 6, 85 / 6], rtol=1e-14)

    @pytest.mark.parametrize("kind", [bool, int, float])
    def test_a_table_gives_its_rewards_to_coalitions_of_any_type(self, kind) -> None:
        game = table_game(ABC)
        np.testing.assert_array_equal(
            game(coalitions(3).astype(kind)), [0, 4, 7, 10, 5, 16, 20, 35]
        )
        assert game([kind(1), kind(0), kind(1)]) == 16

    def test_marginal_contributions_of_the_six_orders(self) -> None:
        orders = list(itertools.permutations(range(3)))
        table = marginal_contributions(table_game(ABC), orders)
        by_hand = [[4, 6, 25], [4, 19, 12], [3, 7, 25], [15, 7, 13], [11, 19, 5], [15, 15, 5]]
        np.testing.assert_allclose(table, by_hand)

    @pytest.mark.parametrize("n", range(1, 8))
    def test_subsets_equal_orders(self, n) -> None:
        game = random_game(n, seed=n)
        orders = list(itertools.permutations(range(n)))
        by_orders = marginal_contributions(game, orders).mean(axis=0)
        np.testing.assert_allclose(exact(game, n), by_orders, atol=1e-12)

    def test_the_sum_written_out(self) -> None:
        """The definition, one subset at a time, with Python's own sets."""
        n, game = 5, random_game(5)
        v = {S: game(np.isin(np.arange(n), list(S))[None])[0] for r in range(n + 1)
             for S in itertools.combinations(range(n), r)}  # fmt: skip
        for i in range(n):
            phi = sum(
                math.factorial(len(S)) * math.factorial(n - len(S) - 1) / math.factorial(n)
                * (v[tuple(sorted((*S, i)))] - v[S])
                for S in v if i not in S
            )  # fmt: skip
            assert exact(game, n)[i] == pytest.approx(phi, abs=1e-12)

    def test_weights_of_all_subsets_sum_to_one(self) -> None:
        n = 9
        total = sum(math.comb(n - 1, s) * w for s, w in enumerate(subset_weights(n)))
        assert total == pytest.approx(1)

    def test_several_outputs_are_several_games(self) -> None:
        first, second = random_game(6, 1), random_game(6, 2)
        both = lambda Z: np.stack([first(Z), second(Z)], axis=1)  # noqa: E731
        for solve in (exact, kernel_shap, lambda g, n: permutation_sampling(g, n, 20).phi):
            expected = np.stack([solve(first, 6), solve(second, 6)], axis=1)
            np.testing.assert_allclose(solve(both, 6), expected, atol=1e-12)
        stacked = np.stack([interactions(first, 6), interactions(second, 6)], axis=-1)
        np.testing.assert_allclose(interactions(both, 6), stacked, atol=1e-12)

    def test_every_coalition_is_evaluated_once(self) -> None:
        game, calls = counted(random_game(10))
        exact(game, 10)
        assert calls == [2**10]

    @pytest.mark.parametrize("n", [1, 8, 9, 64, 65, 130])
    def test_distinct_rows(self, n) -> None:
        Z = np.random.default_rng(n).random((50, n)) < 0.5
        Z = np.concatenate([Z, Z[::3]])
        rows, index = distinct_rows(Z)
        np.testing.assert_array_equal(rows[index], Z)
        assert len(rows) == len({tuple(row) for row in Z})


class TestAxioms:
    """On random games; n = 15 is the largest that the lesson solves."""

    @pytest.mark.parametrize("n", [1, 2, 7, 15])
    def test_efficiency(self, n) -> None:
        game = random_game(n)
        gain = game(np.ones((1, n)))[0] - game(np.zeros((1, n)))[0]
        assert exact(game, n).sum() == pytest.approx(gain, abs=1e-11)

    def test_symmetry(self) -> None:
        base = random_game(6)
        swapped = [1, 0, 2, 3, 4, 5]
        game = lambda Z: base(Z) + base(Z[:, swapped])  # noqa: E731
        phi = exact(game, 6)
        assert phi[0] == pytest.approx(phi[1], abs=1e-12)
        assert abs(phi[0] - phi[2]) > 0.01

    def test_dummy(self) -> None:
        """Who always adds 2.5, and nothing else, gets 2.5."""
        base = random_game(6)
        game = lambda Z: base(Z & [1, 1, 1, 0, 1, 1]) + 2.5 * Z[:, 3]  # noqa: E731
        assert exact(game, 6)[3] == pytest.approx(2.5, abs=1e-12)

    def test_additivity(self) -> None:
        first, second = random_game(6, 1), random_game(6, 2)
        total = lambda Z: first(Z) + 3 * second(Z)  # noqa: E731
        expected = exact(first, 6) + 3 * exact(second, 6)
        np.testing.assert_allclose(exact(total, 6), expected, atol=1e-12)


class TestPermutationSampling:
    @pytest.mark.parametrize("antithetic", [True, False])
    def test_every_sample_is_efficient(self, antithetic) -> None:
        game = random_game(8)
        estimate = permutation_sampling(game, 8, 20, antithetic=antithetic)
        gain = game(np.ones((1, 8)))[0] - game(np.zeros((1, 8)))[0]
        assert len(estimate.samples) == (10 if antithetic else 20)
        np.testing.assert_allclose(estimate.samples.sum(axis=1), gain, atol=1e-12)

    @pytest.mark.parametrize("antithetic", [True, False])
    def test_within_four_standard_errors(self, antithetic) -> None:
        game, n = random_game(8), 8
        estimate = permutation_sampling(game, n, 400, antithetic=antithetic, seed=3)
        z = (estimate.phi - exact(game, n)) / estimate.standard_error
        assert np.abs(z).max() < 4

    def test_the_standard_error_is_the_spread_of_repeated_runs(self) -> None:
        runs = [permutation_sampling(random_game(6), 6, 40, seed=seed) for seed in range(300)]
        spread = np.std([run.phi for run in runs], axis=0)
        claimed = np.mean([run.standard_error for run in runs], axis=0)
        np.testing.assert_allclose(claimed, spread, rtol=0.15)

    def test_pairs_lose_half_of_the_draws_in_a_majority_of_three(self) -> None:
        """The second to come decides, and is the second in the reverse too."""
        majority = lambda Z: 1.0 * (Z.sum(axis=1) >= 2)  # noqa: E731
        single, pairs = (
            permutation_sampling(majority, 3, 4000, antithetic=a, seed=1) for a in (False, True)
        )
        assert set(np.unique(pairs.samples)) == {0, 1}
        worse = (pairs.standard_error / single.standard_error) ** 2
        np.testing.assert_allclose(worse, 2, rtol=0.1)

    def test_pairs_are_exact_where_only_pairs_interact(self) -> None:
        game, phi, _ = pairwise_game(12)
        np.testing.assert_allclose(permutation_sampling(game, 12, 4).phi, phi, atol=1e-12)
        single = permutation_sampling(game, 12, 4, antithetic=False)
        assert np.abs(single.phi - phi).max() > 0.1

    def test_cost(self) -> None:
        """Nobody and all once; n - 1 coalitions between them for each order."""
        game, calls = counted(lambda Z: Z.sum(axis=1))
        permutation_sampling(game, 40, 10)
        assert calls == [10 * 39 + 2]

    def test_the_seed_decides_and_the_global_state_does_not(self) -> None:
        before = np.random.get_state()[1].copy()
        first, again, other = (permutation_sampling(random_game(9), 9, seed=s) for s in (1, 1, 2))
        np.testing.assert_array_equal(first.phi, again.phi)
        assert (first.phi != other.phi).any()
        np.testing.assert_array_equal(np.random.get_state()[1], before)


class TestKernelShap:
    @pytest.mark.parametrize("n", [1, 2, 3, 6, 12])
    def test_all_coalitions_give_the_exact_values(self, n) -> None:
        game = random_game(n)
        np.testing.assert_allclose(kernel_shap(game, n), exact(game, n), atol=1e-10)

    @pytest.mark.parametrize("samples", [20, 60, 300])
    def test_efficient_at_any_budget(self, samples) -> None:
        game, calls = counted(random_game(10))
        gain = game(np.ones((1, 10)))[0] - game(np.zeros((1, 10)))[0]
        calls.clear()
        assert kernel_shap(game, 10, samples).sum() == pytest.approx(gain, abs=1e-12)
        assert sum(calls) <= samples + 2

    def test_pairs_are_exact_where_only_pairs_interact(self) -> None:
        game, phi, _ = pairwise_game(12)
        np.testing.assert_allclose(kernel_shap(game, 12, 60), phi, atol=1e-11)

    def test_the_error_falls_with_the_budget(self) -> None:
        game, n = random_game(11), 11
        truth = exact(game, n)
        errors = [
            np.sqrt(np.mean([(kernel_shap(game, n, m, seed=s) - truth) ** 2 for s in range(10)]))
            for m in (60, 240, 960)
        ]
        assert errors[0] > 1.7 * errors[1] > 1.7**2 * errors[2]

    def test_a_sample_weighs_as_much_as_all_coalitions_of_each_size(self) -> None:
        """One player, or all but one, exactly; the sizes between by chance, together exactly."""
        n = 9
        Z, weights, _ = _kernel_sample(n, 400, np.random.default_rng(0))
        found = np.bincount(Z.sum(axis=1), weights, minlength=n + 1)
        all_of_them = [math.comb(n, s) * w for s, w in enumerate(kernel_weights(n), 1)]
        np.testing.assert_allclose(found, [0, *all_of_them, 0], atol=0.25)
        np.testing.assert_allclose(found[[0, 1, n - 1, n]], [0, 1, 1, 0])
        assert found.sum() == pytest.approx(sum(all_of_them))

    def test_a_budget_for_all_takes_all(self) -> None:
        game = random_game(6)
        np.testing.assert_allclose(kernel_shap(game, 6, 62), exact(game, 6), atol=1e-10)

    def test_weights_are_those_of_the_paper(self) -> None:
        n = 7
        for s, weight in enumerate(kernel_weights(n), start=1):
            assert weight == pytest.approx((n - 1) / (math.comb(n, s) * s * (n - s)))

    def test_two_hundred_players(self) -> None:
        game, phi, _ = pairwise_game(200)
        np.testing.assert_allclose(kernel_shap(game, 200, 1000), phi, atol=1e-8)


class TestInteractions:
    def test_pairs_come_back(self) -> None:
        game, _, pairs = pairwise_game(7)
        np.testing.assert_allclose(interactions(game, 7), pairs, atol=1e-12)

    def test_is_what_one_player_changes_in_the_other(self) -> None:
        """I_ij = phi_i of the game where j always plays, less that of the game where j never does.

        Grabisch and Roubens 1999: the recursion that defines the index.
        """
        n, i, j = 6, 1, 4
        game = random_game(n)
        others = [p for p in range(n) if p != j]

        def fixed(present):
            def value(Z):
                full = np.full((len(Z), n), present)
                full[:, others] = Z
                return game(full)

            return exact(value, n - 1)[others.index(i)]

        difference = fixed(True) - fixed(False)
        assert interactions(game, n)[i, j] == pytest.approx(difference, abs=1e-12)

    def test_product_of_two_and_of_three(self) -> None:
        pair = interactions(lambda Z: Z[:, 0] * Z[:, 1] * 6.0, 2)
        np.testing.assert_allclose(pair, [[0, 6], [6, 0]])
        three = interactions(lambda Z: Z.prod(axis=1) * 6.0, 3)
        np.testing.assert_allclose(three, 3 * (1 - np.eye(3)), atol=1e-12)


class TestValueFunctions:
    def test_interventional_is_the_mean_over_replaced_rows(self) -> None:
        rng = np.random.default_rng(0)
        x, background = rng.normal(size=4), rng.normal(size=(7, 4))
        model = lambda X: np.sin(X[:, 0] * X[:, 1]) + X[:, 2] ** 2 * X[:, 3]  # noqa: E731
        v = interventional(model, x, background)(coalitions(4))
        for z, value in zip(coalitions(4), v, strict=True):
            rows = background.copy()
            rows[:, z] = x[z]
            assert value == pytest.approx(model(rows).mean(), abs=1e-12)

    @pytest.mark.parametrize("kind", [int, float])
    @pytest.mark.parametrize("make", [interventional, conditional])
    def test_coalitions_may_be_numbers(self, make, kind) -> None:
        Z = coalitions(3)
        v = make(lambda X: X @ [1.0, 2.0, 4.0], [1, 1, 1], Z)
        np.testing.assert_array_equal(v(Z.astype(kind)), v(Z))

    def test_linear_model_has_the_closed_form(self) -> None:
        """w (x - mean of the background): Lundberg & Lee 2017, corollary 1."""
        rng = np.random.default_rng(1)
        w, x, background = rng.normal(size=6), rng.normal(size=6), rng.normal(size=(9, 6))
        phi = exact(interventional(lambda X: X @ w, x, background), 6)
        np.testing.assert_allclose(phi, w * (x - background.mean(0)), atol=1e-12)

    def test_the_size_of_the_chunks_changes_nothing(self, monkeypatch) -> None:
        rng = np.random.default_rng(2)
        model = lambda X: np.stack([X.prod(1), X.sum(1)], axis=1)  # noqa: E731
        value = interventional(model, rng.normal(size=5), rng.normal(size=(3, 5)))
        whole = value(coalitions(5))
        monkeypatch.setattr("lessons_lib.shapley._value_functions.CHUNK", 10)
        np.testing.assert_array_equal(value(coalitions(5)), whole)

    def test_the_model_is_asked_for_each_mixed_row_once(self) -> None:
        model, calls = counted(lambda X: X.sum(axis=1))
        background = np.random.default_rng(0).normal(size=(100, 8))
        exact(interventional(model, np.zeros(8), background), 8)
        assert sum(calls) == (2**8 - 1) * 100 + 1  # with all present it is x, in each row

    def test_a_value_that_a_background_row_shares_costs_nothing(self) -> None:
        background = np.arange(12.0).reshape(3, 4) + 1
        background[:2, 1], background[0, 3] = 0, 0
        model, calls = counted(lambda X: X @ [1.0, 2.0, 3.0, 4.0])
        phi = exact(interventional(model, np.zeros(4), background), 4)
        assert sum(calls) == 2**2 + 2**3 + 2**4 - 2  # x itself is asked once
        np.testing.assert_allclose(phi, -background.mean(0) * [1, 2, 3, 4], atol=1e-12)

    @pytest.mark.parametrize("outputs", [(), (2,)])
    def test_conditional_is_the_mean_over_matching_rows(self, outputs) -> None:
        rng = np.random.default_rng(3)
        data, w = rng.integers(0, 2, (60, 3)).astype(float), rng.normal(size=(3, *outputs))
        v = conditional(lambda X: X @ w, data[0], data)(coalitions(3))
        for z, value in zip(coalitions(3), v, strict=True):
            rows = data[(data[:, z] == data[0, z]).all(axis=1)]
            np.testing.assert_allclose(value, (rows @ w).mean(axis=0), atol=1e-12)

    def test_a_copied_feature_gets_half_only_conditionally(self) -> None:
        data = np.repeat([[0.0], [1.0]], 2, axis=1)
        model = lambda X: X[:, 0]  # noqa: E731
        x = [1.0, 1.0]
        np.testing.assert_allclose(exact(interventional(model, x, data), 2), [0.5, 0])
        np.testing.assert_allclose(exact(conditional(model, x, data), 2), [0.25, 0.25])

    def test_arguments_stay_as_they_are(self) -> None:
        x, background = np.ones(3), np.zeros((4, 3))
        model = lambda X: X.__setitem__(slice(None), 9.0) or np.zeros(len(X))  # noqa: E731
        exact(interventional(model, x, background), 3)
        assert (x == 1).all()
        assert (background == 0).all()


@pytest.fixture(scope="module")
def boosted():
    """A model of eight features that interact, rows to explain, and a background."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 8))
    y = X[:, 0] * X[:, 1] + np.maximum(X[:, 2], 0) + X[:, 3]
    model = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(X, y)
    return model.predict, X[:3], X[50:80]


@pytest.mark.parametrize("solve", [exact, kernel_shap])
def test_shap_gives_the_same(solve, boosted) -> None:
    """Its KernelExplainer, that asks for every coalition: its ExactExplainer is slow to compile."""
    shap = pytest.importorskip("shap")
    model, X, background = boosted
    theirs = shap.KernelExplainer(model, background).shap_values(
        X, nsamples=2**8, silent=True, l1_reg=False
    )
    ours = [solve(interventional(model, x, background), 8) for x in X]
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


class TestOnlyPlayersWhoPlay:
    """Six columns of forty differ from the background; the others cannot matter."""

    x, background = np.r_[np.ones(6), np.zeros(34)], np.zeros((1, 40))
    model = staticmethod(
        lambda r: 6 * r[:, 0] * r[:, 1] * r[:, 2] + 3 * r[:, 0] * r[:, 3] * r[:, 4] * r[:, 5]
    )

    def test_the_others_get_exactly_0_and_these_are_exact(self) -> None:
        value = interventional(self.model, self.x, self.background)
        assert value.plays.tolist() == [True] * 6 + [False] * 34
        phi = kernel_shap(value, 40, 80)
        assert (phi[6:] == 0).all()
        np.testing.assert_allclose(phi[:6], [2.75, 2, 2, 0.75, 0.75, 0.75], atol=1e-12)
        found = kernel_estimate(value, 40)
        np.testing.assert_allclose(found.phi, phi, atol=1e-12)
        assert (found.standard_error == 0).all()

    def test_who_differs_from_one_background_row_plays(self) -> None:
        x, background = np.array([1.0, 2.0, 3.0]), np.array([[0.0, 2.0, 3.0], [1.0, 2.0, 0.0]])
        value = interventional(lambda r: r[:, 0] * r[:, 2], x, background)
        assert value.plays.tolist() == [True, False, True]
        np.testing.assert_allclose(kernel_shap(value, 3), exact(value, 3), atol=1e-12)

    def test_one_or_nobody_plays(self) -> None:
        one = interventional(lambda r: r[:, :2] * 3, [1.0, 2.0, 5.0], [[0.0, 2.0, 5.0]])
        np.testing.assert_allclose(kernel_shap(one, 3), [[3, 0], [0, 0], [0, 0]])
        nobody = interventional(lambda r: r.sum(axis=1), np.ones(3), np.ones((2, 3)))
        np.testing.assert_array_equal(kernel_shap(nobody, 3), np.zeros(3))

    def test_another_number_of_players_is_refused(self) -> None:
        value = interventional(self.model, self.x, self.background)
        with pytest.raises(ValueError, match="40 players, but n=6"):
            kernel_shap(value, 6)


class TestTables:
    """Names are matched, and categories come back to the model as what they were."""

    table = pd.DataFrame(
        {"size": [1.0, 2.0, 3.0, 4.0], "town": ["A", "B", "B", "C"], "new": [True, False] * 2}
    )

    @staticmethod
    def price(rows: pd.DataFrame) -> np.ndarray:
        in_town = rows["town"].map({"A": 0.0, "B": 10.0, "C": 20.0})
        return (rows["size"] + in_town * np.where(rows["new"], 2, 1)).to_numpy()

    @pytest.mark.parametrize("town", ["A", "C"])
    def test_a_dataframe_with_text_against_brute_force(self, town) -> None:
        x = pd.Series({"new": True, "town": town, "size": 7.0})  # in another order
        value = interventional(self.price, x, self.table)
        assert value.names == ("size", "town", "new")
        for z, v in zip(coalitions(3), value(coalitions(3)), strict=True):
            rows = self.table.copy()
            for name in np.array(value.names)[z]:
                rows[name] = x[name]
            assert v == pytest.approx(self.price(rows).mean())

    @pytest.mark.parametrize("names", [["size", "age", "rooms"], [0, 1, 2], [7, 3, 5]])
    @pytest.mark.parametrize("make", [interventional, conditional])
    def test_results_have_the_names_and_no_order_matters(self, make, names) -> None:
        numbers = np.random.default_rng(0).integers(0, 2, (40, 3))
        table = pd.DataFrame(numbers, columns=names)
        model = lambda X: X[:, 0] * (1 + 2 * X[:, 1]) + 4 * X[:, 2]  # noqa: E731
        plain = make(model, numbers[5], numbers)
        x = table.iloc[5, [2, 0, 1]]
        value = make(model, x, table)
        for solve in (
            exact,
            kernel_shap,
            lambda v, n: permutation_sampling(v, n, 8).phi,
            lambda v, n: permutation_sampling(v, n, 8).standard_error,
            lambda v, n: kernel_estimate(v, n).phi,
            lambda v, n: kernel_estimate(v, n).standard_error,
        ):
            bare, found = solve(plain, 3), solve(value, 3)
            assert type(bare) is np.ndarray
            assert found.to_dict() == dict(zip(names, bare, strict=True))
        for solve in (
            lambda v, n: permutation_sampling(v, n, 8).samples,
            lambda v, n: marginal_contributions(v, [[0, 1, 2], [2, 0, 1]]),
            interactions,
        ):
            bare, found = solve(plain, 3), solve(value, 3)
            assert type(bare) is np.ndarray
            assert list(found.columns) == names
            np.testing.assert_array_equal(found, bare)
        assert list(interactions(value, 3).index) == names

    def test_several_outputs_have_the_names(self) -> None:
        numbers = self.table[["size", "new"]].astype(float)
        value = interventional(lambda X: np.c_[X, X.sum(axis=1)], numbers.iloc[1], numbers)
        assert exact(value, 2).index.tolist() == ["size", "new"]
        assert exact(value, 2).shape == (2, 3)
        assert interactions(value, 2).shape == (2, 2, 3)
        assert permutation_sampling(value, 2, 4).samples.shape == (2, 2, 3)

    @pytest.mark.parametrize("make", [interventional, conditional])
    def test_columns_that_are_missing_or_more(self, make) -> None:
        model = lambda X: X[:, 0]  # noqa: E731
        for names in (["a", "b", "c"], [0, 1, 2], [7, 3, 5]):
            table = pd.DataFrame(np.eye(3), columns=names)
            with pytest.raises(ValueError, match=r"are not those of .*: it lacks \["):
                make(model, table.iloc[0, 1:], table)
            with pytest.raises(ValueError, match=r"are not those of .*: it has besides \["):
                make(model, table.iloc[0], table.iloc[:, :2])

    def test_numbered_columns_in_another_order_for_a_fitted_model(self) -> None:
        table = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)))
        model = GradientBoostingRegressor(n_estimators=2).fit(table, table[0])
        with pytest.raises(ValueError, match=r"background are called \[2, 0, 1\].*no names"):
            interventional(model.predict, table.iloc[0], table[[2, 0, 1]])

    def test_missing_values_go_to_a_model_that_takes_them(self) -> None:
        """As in a table with gaps, behind a pipeline that fills them; brute force beside it."""
        rng = np.random.default_rng(0)
        table = pd.DataFrame(
            {"age": rng.integers(1, 80, 60) * 1.0, "port": rng.choice(["C", "S"], 60)}
        )
        table["kind"] = rng.choice(["a", "b"], 60).astype(object)
        table["rooms"] = pd.array(rng.integers(1, 5, 60), "Int64")
        for name in table:
            table.loc[rng.choice(60, 20, replace=False), name] = (
                pd.NA if name == "rooms" else np.nan
            )
        steps = [("fill", SimpleImputer(), ["age"]), ("text", OneHotEncoder(), ["port", "kind"])]
        encode = ColumnTransformer(steps)
        y = table["age"].fillna(99) + 9 * table["port"].isna()
        model = make_pipeline(encode, GradientBoostingRegressor(n_estimators=9, random_state=0))
        model.fit(table, y)
        gaps = table.isna().any(axis=1).to_numpy()
        for k in np.flatnonzero(gaps)[:3]:
            value = interventional(model.predict, table.iloc[k], table[:20])
            for z, v in zip(coalitions(4), value(coalitions(4)), strict=True):
                rows = table[:20].copy()
                for name in np.array(value.names)[z]:
                    rows[name] = table[name].iloc[[k] * 20].to_numpy()
                assert v == pytest.approx(model.predict(rows).mean())

    def test_two_missing_values_are_the_same_value(self) -> None:
        nan = np.nan
        model = lambda X: np.nan_to_num(X) @ [1.0, 2.0]  # noqa: E731
        value = interventional(model, [nan, 3.0], [[nan, 1.0], [nan, 2.0]])
        assert value.plays.tolist() == [False, True]
        assert exact(value, 2).tolist() == [0, 3]
        known = conditional(model, [nan, 1.0], [[nan, 1.0], [5.0, 1.0], [nan, 4.0]])
        assert known(np.array([[True, False]])) == pytest.approx((2 + 8) / 2)

    def test_errors_name_the_columns(self) -> None:
        table = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=["a", "b"])
        with pytest.raises(ValueError, match=r"features \['a'\] no row .* \['a', 'b'\] are cont"):
            exact(conditional(lambda X: X[:, 0], table.iloc[0], table), 2)
        value = interventional(lambda X: 1 / (X[:, 0] != table["a"][0]), table.iloc[0], table[1:])
        with (
            pytest.raises(ValueError, match=r"the first is that of players \['a'\]: inf"),
            np.errstate(divide="ignore"),
        ):
            exact(value, 2)

    def test_conditional_of_text(self) -> None:
        data = pd.concat([self.table] * 3, ignore_index=True)
        value = conditional(self.price, data.iloc[1], data)
        in_b = data[data["town"] == "B"]
        assert value(np.array([[False, True, False]])) == pytest.approx(self.price(in_b).mean())

    def test_a_column_in_another_place_is_the_same_column(self) -> None:
        numbers = self.table.assign(town=[5.0, 6.0, 7.0, 8.0])[["size", "town"]]
        model = lambda X: X[:, 0] * X[:, 1]  # noqa: E731
        turned = numbers.iloc[0][["town", "size"]]
        np.testing.assert_array_equal(
            exact(interventional(model, turned, numbers), 2),
            exact(interventional(model, numbers.iloc[0], numbers), 2),
        )

    def test_a_pipeline_gets_the_dataframes_it_was_fitted_with(self, recwarn) -> None:
        encode = ColumnTransformer([("town", OneHotEncoder(), ["town"])], remainder="passthrough")
        model = make_pipeline(encode, GradientBoostingRegressor(n_estimators=5, random_state=0))
        table = pd.concat([self.table] * 5, ignore_index=True)
        table["town"] = table["town"].astype("category")
        model.fit(table[["town", "new", "size"]], self.price(table.astype({"town": str})))
        value = interventional(model.predict, table.iloc[3], table)
        in_town = table.assign(town=pd.Categorical(["C"] * 20, categories=["A", "B", "C"]))
        expected = model.predict(in_town[["town", "new", "size"]]).mean()
        assert value(np.array([[False, True, False]])) == pytest.approx(expected)
        assert not recwarn.list


class TestErrorsOfSampledValues:
    def test_errors_are_as_large_as_those_of_many_repetitions(self) -> None:
        rng = np.random.default_rng(0)
        w, rough = rng.normal(size=12), rng.normal(size=2**12)
        game = lambda Z: (Z @ w) ** 3 + rough[Z @ (1 << np.arange(12))]  # noqa: E731
        runs = [kernel_estimate(game, 12, 240, seed=seed) for seed in range(300)]
        truth = exact(game, 12)
        z = np.array([(run.phi - truth) / run.standard_error for run in runs])
        assert 0.9 < (np.abs(z) < 1.96).mean() < 0.97

    def test_several_outputs_are_several_games(self) -> None:
        game = random_game(10)
        both = kernel_estimate(lambda Z: np.stack([game(Z), game(Z) ** 2], axis=1), 10, 200)
        for output, power in enumerate((1, 2)):
            one = kernel_estimate(lambda Z: game(Z) ** power, 10, 200)  # noqa: B023
            np.testing.assert_allclose(both.phi[:, output], one.phi, atol=1e-12)
            np.testing.assert_allclose(both.standard_error[:, output], one.standard_error)

    def test_a_game_of_pairs_has_no_error(self) -> None:
        pairs = np.random.default_rng(1).normal(size=(12, 12))
        found = kernel_estimate(lambda Z: ((Z @ pairs) * Z).sum(axis=1), 12, 60)
        assert found.standard_error.max() < 1e-12

    def test_few_pairs_say_nothing_of_errors(self) -> None:
        with pytest.raises(ValueError, match="30 samples for 12 players: an error needs 50"):
            kernel_estimate(lambda Z: Z.sum(axis=1), 12, 30)


class TestLargeOffsets:
    @pytest.mark.parametrize("solve", [exact, interactions])
    def test_an_offset_takes_no_digits(self, solve) -> None:
        whole = np.random.default_rng(0).integers(0, 100, 2**8)
        game = lambda Z: whole[Z @ (1 << np.arange(8))] * 1.0  # noqa: E731
        far = lambda Z: 1e12 + game(Z)  # noqa: E731
        np.testing.assert_allclose(solve(far, 8), solve(game, 8), atol=1e-12)

    def test_who_adds_nothing_gets_exactly_0(self) -> None:
        phi = exact(lambda Z: np.sin(Z[:, 1] + 0.3 * Z[:, 4]) + Z[:, 4] / 3, 6)
        assert (phi[[0, 2, 3, 5]] == 0).all()

    def test_coalitions_are_binary_digits_up_to_twenty_players(self) -> None:
        for n in (1, 7, 9, 20):
            Z = coalitions(n)
            assert Z.shape == (2**n, n)
            assert Z.dtype == bool
            np.testing.assert_array_equal(Z @ (1 << np.arange(n)), np.arange(2**n))


class TestBadInput:
    def test_conditional_of_continuous_data(self) -> None:
        rng = np.random.default_rng(0)
        data = np.column_stack([rng.integers(0, 2, 50), rng.normal(size=50)])
        value = conditional(lambda X: X.sum(axis=1), data[0], data)
        with pytest.raises(ValueError, match=r"features \[1\] .* x itself: \[1\] are continuous"):
            exact(value, 2)
        rounded = data.round()
        exact(conditional(lambda X: X.sum(axis=1), rounded[0], rounded), 2)

    def test_no_value_for_nobody(self) -> None:
        rewards = {key: value for key, value in ABC.items() if key}
        with pytest.warns(UserWarning, match="empty coalition; 0 is assumed"):
            game = table_game(rewards)
        np.testing.assert_allclose(exact(game, 3), exact(table_game(ABC), 3))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table_game(ABC)

    def test_a_coalition_missing(self) -> None:
        with pytest.raises(ValueError, match=r"1 of 8 coalitions have no value: A \+ C"):
            table_game({key: value for key, value in ABC.items() if key != "AC"})

    def test_nan_in_the_table(self) -> None:
        with pytest.raises(ValueError, match=r"value of A \+ B is nan"):
            table_game(ABC | {"AB": float("nan")})

    @pytest.mark.parametrize(
        "solve", [exact, kernel_shap, interactions, lambda g, n: permutation_sampling(g, n)]
    )
    def test_nan_from_the_game(self, solve) -> None:
        game = lambda Z: np.where(Z.all(axis=1), np.nan, 1.0)  # noqa: E731
        with pytest.raises(ValueError, match=r"players \[0, 1, 2\]: nan"):
            solve(game, 3)

    @pytest.mark.parametrize("solve", [exact, kernel_shap, interactions])
    def test_forty_players(self, solve) -> None:
        with pytest.raises(ValueError, match=r"1,099,511,627,776 .* permutation_sampling"):
            solve(lambda Z: Z.sum(1), 40)

    @pytest.mark.parametrize("n", [0, -1, 2.5, True])
    def test_no_number_of_players(self, n) -> None:
        with pytest.raises(
            (TypeError, ValueError), match=r"number of players n.*(1 or more|whole)"
        ):
            exact(lambda Z: Z.sum(1), n)

    def test_one_player_has_no_interaction(self) -> None:
        with pytest.raises(ValueError, match="two players, but n=1"):
            interactions(lambda Z: Z.sum(1), 1)

    def test_a_game_that_gives_one_number(self) -> None:
        with pytest.raises(ValueError, match=r"shape \(\) for 8 coalitions; expected \(8,\)"):
            exact(lambda Z: Z.sum(), 3)

    @pytest.mark.parametrize("make", [interventional, conditional])
    def test_another_number_of_players_than_columns(self, make) -> None:
        value = make(lambda X: X.sum(axis=1), [0.0, 1.0, 1.0], np.eye(3)[[0, 1, 2]])
        for game in (value, table_game(ABC)):
            with pytest.raises(ValueError, match=r"3 players, but the coalitions have .*\(4, 2\)"):
                exact(game, 2)

    def test_no_orders(self) -> None:
        with pytest.raises(ValueError, match="each player from 0 to n - 1 once"):
            marginal_contributions(table_game(ABC), [[0, 1, 1]])

    @pytest.mark.parametrize("permutations", [2, 7])
    def test_too_few_permutations(self, permutations) -> None:
        with pytest.raises(ValueError, match=f"{permutations} .* at least 4 .* an even number"):
            permutation_sampling(random_game(3), 3, permutations)

    def test_too_few_samples(self) -> None:
        with pytest.raises(ValueError, match="10 samples for 8 players: give at least 16"):
            kernel_shap(random_game(8), 8, 10)

    @pytest.mark.parametrize("make", [interventional, conditional])
    def test_a_background_with_other_columns(self, make) -> None:
        with pytest.raises(ValueError, match=r"\(3,\) and \(5, 4\)"):
            make(lambda X: X.sum(1), np.zeros(3), np.zeros((5, 4)))
        with pytest.raises(ValueError, match=r"\(1, 3\) and \(5, 3\); .* data.iloc\[0\]"):
            make(lambda X: X.sum(1), np.zeros((1, 3)), np.zeros((5, 3)))
        with pytest.raises(ValueError, match=r"1 values of x and the .* infinite"):
            make(lambda X: X.sum(1), [0.0, 1.0, np.inf], np.zeros((5, 3)))
        with pytest.raises(ValueError, match="rows have missing values, and the model's answers"):
            exact(make(lambda X: X.sum(1), [0.0, np.nan], [[0.0, np.nan], [1.0, np.nan]]), 2)

    def test_columns_of_other_names(self) -> None:
        table = pd.DataFrame({"rooms": [1.0, 2.0], "age": [3.0, 4.0]})
        with pytest.raises(ValueError, match=r"lacks \['age'\] and has besides \['year'\]"):
            interventional(lambda X: X.sum(1), table.iloc[0].rename({"age": "year"}), table)

    def test_a_model_that_gives_one_number(self) -> None:
        with pytest.raises(ValueError, match=r"shape \(\) for 4 rows"):
            exact(interventional(lambda X: X.sum(), np.zeros(2), np.ones((2, 2))), 2)

    def test_no_row_agrees(self) -> None:
        with pytest.raises(ValueError, match=r"agrees with x on the features \[0, 1\]"):
            exact(conditional(lambda X: X.sum(1), [0.0, 1.0], [[0.0, 0.0], [1.0, 1.0]]), 2)


class TestExercises:
    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            ([4, 16], "right"),
            ((4.0, 16.0), "right"),
            ([16, 4], "other order"),
            ([0, 12], "alone"),
            ([8, 12], "all of the product"),
            ([8, 20], "comes last"),
            ([5, 16], "these make 21"),
            ([10, 10], "absent features are 0"),
            ([1, 2, 3], "two features"),
            ("four", "could not be read"),
        ],
    )
    def test_by_hand(self, answer, says) -> None:
        feedback = exercises.check("05.1", answer)
        assert says in feedback.message
        assert feedback.passed == (says == "right")

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"A": 12}, "right"),
            ({"AC": 20}, "right"),
            ({"B": 0}, "right"),
            ({"BC": 8}, "right"),
            ({"A": 9}, "A gets 1.5 more"),
            ({"B": 12}, "other way"),
            ({"C": 12}, "alike"),
            ({"AB": 20}, "alike"),
            ({"ABC": 33}, "must stay"),
            ({"A": 9, "B": 3}, "here 2 do"),
            ({}, "symmetric game still"),
            ({"BA": 14}, "each once"),  # no table of the old exercise, and no four decisions
        ],
    )
    def test_break_the_symmetry(self, change, says) -> None:
        table = {"": 0, "A": 6, "B": 6, "C": 6, "AB": 14, "AC": 14, "BC": 14, "ABC": 30} | change
        if change == {"AC": 20}:
            table["CA"] = table.pop("AC")
        feedback = exercises.check("05.2", table)
        assert says in feedback.message
        assert feedback.passed == (says == "right")

    def test_break_the_symmetry_of_less_than_eight(self) -> None:
        feedback = exercises.check("05.2", {"": 0, "A": 5})
        assert not feedback.passed
        assert "each once" in feedback.message
        assert "could not be read" in exercises.check("05.2", 3).message

    @pytest.mark.parametrize(
        ("weigh", "says"),
        [
            (lambda n, s: subset_weights(n)[s], "right"),
            (lambda n, s: np.full(len(s), 0.5 ** (n - 1)), "Banzhaf"),
            (lambda n, s: subset_weights(n)[np.minimum(s + 1, n - 1)], "the weight s!"),
        ],
    )
    def test_mend_the_weights(self, weigh, says) -> None:
        def my_shapley(v, n):
            Z = coalitions(n)
            size = Z.sum(axis=1)
            return np.array(
                [weigh(n, size[~Z[:, i]]) @ (v[Z[:, i]] - v[~Z[:, i]]) for i in range(n)]
            )

        feedback = exercises.check("05.3", my_shapley)
        assert says in feedback.message
        assert feedback.passed == (says == "right")

    def test_mend_the_weights_of_another_kind(self) -> None:
        equal = lambda v, n: np.full(n, (v[-1] - v[0]) / n)  # noqa: E731
        assert "sum is right" in exercises.check("05.3", equal).message
        assert "5 numbers" in exercises.check("05.3", lambda v, n: 1.0).message
        assert "could not be read" in exercises.check("05.3", [1, 2]).message
