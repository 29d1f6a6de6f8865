"""Great Expectations, and the only place that imports it: seconds, so only where there is something to check.

Nothing leaves the machine: analytics are off before the import and in the context, there is no cloud and no progress
bar, and every store but the site's own folder is in memory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from landbridge.errors import RuleInvalid
from landbridge.quality import pages

if TYPE_CHECKING:
    from landbridge.quality.form import Expectation, Suite

_SHOWN = 20
"""Failing values shown per expectation in Data Docs."""

_KEPT = ("element_count", "missing_count", "missing_percent", "unexpected_count", "unexpected_percent",
         "unexpected_percent_total", "unexpected_percent_nonmissing")  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """The rows of the batch that fail, one list per expectation of the suite, and the page that shows it (if built)."""

    failing: list[list[int]]
    page: Path | None


def check(leads: pa.Table, suite: Suite, docs: Path, name: str) -> Checked:
    """Check a batch (a column per field, null for missing) and build Data Docs about it in the folder `docs`.

    Raises RuleInvalid when an expectation cannot be judged: what was not asked has not been passed.
    """
    # A bare run id such as 20261122-044020-9959 would be read as a time with an offset, and the page fail to build.
    name = f"run-{name}"
    context, definition = _definition(suite, docs)
    result = definition.run(
        batch_parameters={"dataframe": leads.to_pandas()},
        result_format={"result_format": "COMPLETE", "partial_unexpected_count": _SHOWN},
        run_id=_run_id(name),
    )
    answers = {answer.expectation_config.meta["place"]: answer for answer in result.results}
    failing = [_failing(each, answers[place]) for place, each in enumerate(suite.expectations)]
    _show(context, result)
    return Checked(failing, pages.newest(docs, name))


def _library() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    return great_expectations


def _definition(suite: Suite, docs: Path) -> tuple[Any, Any]:
    gx = _library()
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "show_cta_footer": False},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"leads": site},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    expectations = [_expectation(each, place) for place, each in enumerate(suite.expectations)]
    asked = context.suites.add(gx.ExpectationSuite(name="lead", expectations=expectations))
    asset = context.data_sources.add_pandas("leads").add_dataframe_asset("lead")
    data = asset.add_batch_definition_whole_dataframe("unchecked")
    return context, context.validation_definitions.add(gx.ValidationDefinition(name="lead", data=data, suite=asked))


def _expectation(expectation: Expectation, place: int) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl

    given: dict[str, Any] = {**expectation.arguments}
    if expectation.only_when:
        given["row_condition"] = _condition(expectation)
    from great_expectations.expectations.metadata_types import FailureSeverity

    severity = FailureSeverity.CRITICAL if expectation.severity == "error" else FailureSeverity.WARNING
    kind = get_expectation_impl(expectation.expect)
    return kind(**given, severity=severity, notes=expectation.why, meta={"place": place})


def _condition(expectation: Expectation) -> Any:
    from functools import reduce
    from operator import and_

    from great_expectations.expectations.row_conditions import Column

    columns = [(Column(field), state) for field, state in expectation.only_when.items()]
    return reduce(and_, [c.is_null() if state == "missing" else c.is_not_null() for c, state in columns])


def _run_id(name: str) -> Any:
    from datetime import UTC, datetime

    from great_expectations.core.run_identifier import RunIdentifier

    return RunIdentifier(run_name=name, run_time=datetime.now(UTC))


def _failing(expectation: Expectation, answer: Any) -> list[int]:
    if answer.exception_info.get("raised_exception", True):
        raise RuleInvalid(
            f"mappings/quality/lead.yaml: '{expectation.id}' cannot be judged by Great Expectations.",
            do="Mend or remove it; no lead was validated.",
        )
    return sorted({int(row) for row in answer.result.get("unexpected_index_list") or ()})


def _show(context: Any, result: Any) -> None:
    """Build the site from results whose values are bounded and cannot be markup: GE 1.24.1 leaves some unescaped."""
    for answer in result.results:
        shown = [pages.harmless(value) for value in answer.result.get("partial_unexpected_list") or ()]
        answer.result = {name: answer.result[name] for name in _KEPT if name in answer.result}
        answer.result["partial_unexpected_list"] = shown
    store = context.validation_results_store
    for key in store.list_keys():
        store.set(key, result)
    context.build_data_docs()
