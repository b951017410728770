"""``nepkit doctor``."""

from __future__ import annotations

from nepkit.cli.command import command
from nepkit.cli.output import Output, Table


@command("doctor", menu=717, csv=True)
def doctor() -> Output:
    """Check versions, compilers, GPU, programs; self-test.

    Ends with status 1 when something that must work does not.
    """
    from nepkit.doctor import examine

    checks = examine()
    failed = [check for check in checks if check.state == "failed"]
    rows = [(check.area, check.name, check.state, check.found) for check in checks]
    remedies = [f"{check.name}: {check.remedy}" for check in checks if check.remedy and check.state != "ok"]
    verdict = f"{len(failed)} of {len(checks)} checks failed." if failed else "nepkit works."
    text = "\n".join(
        ["", *(["To get what is absent:", *(f"  {line}" for line in remedies), ""] if remedies else []), verdict]
    )
    return Output(
        data={"ok": not failed, "checks": checks},
        tables=[Table("", ["area", "name", "state", "found"], rows)],
        text=text,
        ok=not failed,
    )
