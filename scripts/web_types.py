"""The API as the page's TypeScript knows it: ``scripts/types``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).parents[1] / "web"
OPENAPI = WEB / "openapi.json"
TYPES = WEB / "src" / "api" / "schema.d.ts"


def described() -> str:
    """The server's OpenAPI, the same for the same code whatever machine it is made on."""
    from cleancut.server.app import create_app
    from cleancut.server.settings import read_server_settings

    with tempfile.TemporaryDirectory() as home:
        app = create_app(read_server_settings({"CLEANCUT_HOME": home}))
        try:
            schema = app.openapi()
        finally:
            app.state.service.workers.close()
            app.state.service.desk.close()
            app.state.service.storage.close()
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write_types(openapi: Path, target: Path) -> None:
    """Have the description in ``openapi`` written as TypeScript. Raises CalledProcessError."""
    words = ["npm", "exec", "--", "openapi-typescript", str(openapi), "--output", str(target)]
    subprocess.run([sys.executable, str(WEB / "make.py"), *words], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Write both files."""
    OPENAPI.write_text(described(), "utf-8")
    write_types(OPENAPI, TYPES)


if __name__ == "__main__":
    main()
