from flux_cli import errors
from flux_cli.entrypoints.cli.exit_codes import BY_ERROR, MEANINGS, ExitCode, exit_code_of


def below(kind: type) -> set[type]:
    return {deeper for child in kind.__subclasses__() for deeper in {child} | below(child)}


def test_every_failure_has_a_row() -> None:
    named = {kind for kind in below(errors.FluxError) if kind.__module__ == errors.__name__}

    assert {kind for kind, _ in BY_ERROR} == named


def test_no_failure_has_two_rows() -> None:
    assert len(dict(BY_ERROR)) == len(BY_ERROR)


def test_each_failure_ends_with_the_number_of_the_contract() -> None:
    numbers = {kind.__name__: int(code) for kind, code in BY_ERROR}
    assert numbers == numbers | {
        "InvalidInput": 2,
        "InvalidAmount": 2,
        "InvalidConfig": 2,
        "InvalidScenario": 2,
        "CannotPlan": 2,
        "MissingExtra": 2,
        "UnsafeStorage": 2,
        "NotFound": 5,
        "AmbiguousId": 5,
        "InsufficientFunds": 6,
        "LedgerBusy": 7,
        "StorageFailed": 7,
        "WorkFailed": 7,
        "KeyReused": 8,
        "WrongState": 8,
        "Frozen": 8,
        "LedgerCorrupt": 9,
        "NewerSchema": 9,
    }


def test_a_failure_without_a_row_ends_like_its_parent() -> None:
    class StillNotFound(errors.NotFound):
        pass

    assert exit_code_of(StillNotFound("x")) is ExitCode.UNKNOWN_ID
    assert exit_code_of(errors.FluxError("x")) is ExitCode.BUG


def test_the_numbers_are_those_of_the_contract_and_each_is_explained() -> None:
    assert [int(code) for code in ExitCode] == [*range(11), 130, 141, 143]
    assert [code for code, _, _ in MEANINGS] == list(ExitCode)
