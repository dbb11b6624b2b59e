"""Makes a component of a metric: `python -m driftline_sdk.componentize cost_by_segment:CostBySegment --wit metric.wit`."""

import argparse
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# componentize-py looks for the resource in a module called like the interface, and for the functions in a class of the
# application called like it.
_RESOURCE = '''
from {module} import {name} as plugin
from driftline_sdk.accumulator import Accumulator as Running, names_of
from driftline_sdk.failure import Failure
from driftline_sdk.rows import Rows
from componentize_py_types import Err
from wit_world.exports import metric as contract
from wit_world.imports import columns
import traceback

KINDS = {{
    "invalid-parameters": contract.Failure_InvalidParameters,
    "invalid-data": contract.Failure_InvalidData,
    "failed": contract.Failure_Failed,
}}
ROWS = Rows(columns, names_of(plugin))

def guard(run, *arguments):
    try:
        return run(*arguments)
    except Failure as failure:
        raise Err(KINDS[failure.kind](str(failure))) from None
    except Exception:
        raise Err(contract.Failure_Failed(traceback.format_exc())) from None

class Accumulator:
    @classmethod
    def open(cls, parameters):
        self = cls()
        self.running = guard(Running, plugin, parameters, ROWS)
        return self

    def update(self):
        guard(self.running.update)

    def state(self):
        return guard(self.running.state)

    def merge(self, state):
        guard(self.running.merge, state)
'''

_APPLICATION = '''
import metric
from metric import contract, guard, plugin

def evaluate(current, reference):
    report = current.running.evaluate(reference and reference.running)
    charts = [
        contract.Chart(c.name, c.x_label, c.y_label, c.kind, c.categories,
                       [contract.Series(s.name, s.x, s.y) for s in c.series])
        for c in report.charts
    ]
    values = [contract.Value(v.name, v.number, v.standard_error, v.note) for v in report.values]
    return contract.Report(values, charts)

class Metric:
    def describe(self):
        return plugin.description.to_json(plugin.Parameters)

    def evaluate(self, current, reference):
        return guard(evaluate, current, reference)
'''


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("metric", help="MODULE:CLASS")
    arguments.add_argument("--path", default="src", help="the folder of the module, which is taken in whole")
    arguments.add_argument("--wit", required=True, help="the contract, metric.wit")
    arguments.add_argument("--output", default="metric.wasm")
    options = arguments.parse_args()
    module, _, name = options.metric.partition(":")
    if not name:
        arguments.error(f"`{options.metric}` names no class: write it as MODULE:CLASS")
    with tempfile.TemporaryDirectory() as glue:
        Path(glue, "metric.py").write_text(_RESOURCE.format(module=module, name=name))
        Path(glue, "driftline_application.py").write_text(_APPLICATION)
        tool = Path(sysconfig.get_path("scripts"), "componentize-py")
        command = [tool, "--quiet", "--wit-path", options.wit, "--world", "metric-plugin", "componentize"]
        # Alone: what lies beside this package need not be in every component.
        shutil.copytree(Path(__file__).parent, Path(glue, "driftline_sdk"), ignore=shutil.ignore_patterns("__pycache__"))
        folders = ["--python-path", glue, "--python-path", options.path]
        return subprocess.call([*command, "driftline_application", *folders, "--output", options.output])


if __name__ == "__main__":
    sys.exit(main())
