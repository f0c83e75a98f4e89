"""``cleancut remove``: names, streams, exit codes; on a tiny model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.fakes.tiny_model import photo

TINY = ("--model", "tiny")
Spawn = Callable[..., "subprocess.CompletedProcess[bytes]"]


def opened(path: str) -> Image.Image:
    """A picture, its file closed again."""
    with Image.open(path) as image:
        image.load()
        return image


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.part")]


@pytest.mark.usefixtures("folder")
class TestOnePhoto:
    def test_the_cut_out_lies_beside_the_photo(self, run: Run) -> None:
        assert run("remove", "photo.png", *TINY).code == 0
        cutout = np.asarray(opened("photo-cutout.png"))
        assert cutout.shape == (64, 96, 4)
        assert cutout[32, 48].tolist() == [20, 0, 10, cutout[32, 48, 3]]
        assert cutout[32, 48, 3] > 240
        assert cutout[2, 2].tolist() == [0, 0, 0, 0]

    @pytest.mark.parametrize(
        ("name", "format"),
        [
            ("o.png", "PNG"),
            ("o.webp", "WEBP"),
            ("o.avif", "AVIF"),
            ("o.jpg", "JPEG"),
            ("o.JPEG", "JPEG"),
            ("o.tif", "TIFF"),
            ("o.tiff", "TIFF"),
        ],
    )
    def test_the_suffix_sets_the_format(self, run: Run, name: str, format: str) -> None:
        assert run("remove", "photo.png", "-o", name, *TINY).code == 0
        with Image.open(name) as image:
            assert image.format == format

    def test_zip_holds_colour_and_alpha(self, run: Run) -> None:
        assert run("remove", "photo.png", "-o", "o.zip", *TINY).code == 0
        with zipfile.ZipFile("o.zip") as archive:
            assert archive.namelist() == ["color.jpg", "alpha.png"]
            assert Image.open(BytesIO(archive.read("alpha.png"))).mode == "L"

    def test_a_format_is_kept_in_a_folder(self, run: Run) -> None:
        assert run("remove", "photo.png", "-o", "new/", "--format", "jpg", *TINY).code == 0
        assert opened("new/photo.jpg").format == "JPEG"

    def test_the_matte_alone(self, run: Run) -> None:
        assert run("remove", "photo.png", "-o", "m.png", "--channels", "alpha", *TINY).code == 0
        matte = opened("m.png")
        assert (matte.mode, matte.size) == ("L", (96, 64))
        assert np.asarray(matte)[32, 48] > 240

    def test_a_named_file_is_replaced_and_existing_can_say_otherwise(self, run: Run) -> None:
        Path("o.png").write_bytes(b"old")
        assert run("remove", "photo.png", "-o", "o.png", "--existing", "skip", *TINY).code == 0
        assert Path("o.png").read_bytes() == b"old"
        ran = run("remove", "photo.png", "-o", "o.png", "--existing", "error", *TINY)
        assert (ran.code, Path("o.png").read_bytes()) == (1, b"old")
        assert run("remove", "photo.png", "-o", "o.png", *TINY).code == 0
        assert opened("o.png").format == "PNG"

    def test_no_subject_gives_a_clear_matte(self, run: Run) -> None:
        Image.new("RGB", (40, 40), "white").save("blank.png")
        ran = run("remove", "blank.png", "-o", "o.png", "--json", *TINY)
        assert (ran.code, ran.lines[0]["subject"]) == (0, False)
        assert not np.asarray(opened("o.png")).any()

    def test_a_required_subject(self, run: Run) -> None:
        Image.new("RGB", (40, 40), "white").save("blank.png")
        ran = run("remove", "blank.png", "-o", "o.png", "--require-subject", "--json", *TINY)
        assert (ran.code, ran.lines[0]["error"]["code"]) == (5, "no_subject")
        assert not Path("o.png").exists()


@pytest.mark.usefixtures("folder")
class TestJson:
    KEYS = (
        "input", "output", "status", "subject", "confidence", "model", "device", "precision", "width", "height", "ms",
        "error",
    )  # fmt: skip

    def test_one_line_a_picture_and_nothing_else(self, spawn: Spawn) -> None:
        Path("bad.jpg").write_text("no picture")
        ran = spawn("remove", "photo.png", "bad.jpg", "-o", "out", "--json", *TINY)
        assert ran.returncode == 1
        done, failed = (json.loads(line) for line in ran.stdout.decode().splitlines())
        assert tuple(done) == self.KEYS
        assert tuple(failed) == self.KEYS
        assert (done["status"], done["subject"], done["model"], done["device"]) == ("done", True, "tiny", "cpu")
        assert (done["output"], done["width"], done["height"], done["error"]) == ("out/photo.png", 96, 64, None)
        assert failed["status"] == "failed"
        assert set(failed["error"]) == {"code", "message", "hint"}

    def test_what_native_libraries_print_is_kept_out(self, folder: Path) -> None:
        program = (
            "import os, sys\n"
            "from cleancut.cli import remove\n"
            "from cleancut.cli.main import main\n"
            "told = remove._work\n"
            "def noisy(*arguments):\n"
            "    os.write(1, b'noise')\n"
            "    print('{}')\n"
            "    return told(*arguments)\n"
            "remove._work = noisy\n"
            "sys.exit(main(sys.argv[1:]))\n"
        )
        command = [sys.executable, "-c", program, "remove", "photo.png", "-o", "-", *TINY]
        ran = subprocess.run(command, capture_output=True, env=os.environ, timeout=60, check=False)
        assert ran.returncode == 0
        assert b"noise" in ran.stderr
        # Python's own print in between is the program's doing; the picture follows it, whole.
        assert Image.open(BytesIO(ran.stdout.removeprefix(b"{}\n"))).size == (96, 64)

    @pytest.mark.parametrize("arguments", [("photo.png", "-o", "-"), ("-",)])
    def test_json_and_a_picture_do_not_share_standard_output(self, run: Run, arguments: tuple[str, ...]) -> None:
        ran = run("remove", *arguments, "--json", *TINY)
        assert (ran.code, ran.out) == (2, "")

    def test_a_name_that_is_no_text(self, spawn: Spawn) -> None:
        name = os.fsdecode(b"n\xff.png")
        Path("photo.png").rename(name)
        ran = spawn("remove", name, "-o", "o.png", "--json", *TINY)
        assert (ran.returncode, json.loads(ran.stdout)["input"]) == (0, name)


@pytest.mark.usefixtures("folder")
class TestPipe:
    def test_from_standard_input_to_standard_output(self, spawn: Spawn) -> None:
        ran = spawn("remove", "-", "-o", "-", "--format", "webp", *TINY, input=Path("photo.png").read_bytes())
        assert ran.returncode == 0, ran.stderr
        assert Image.open(BytesIO(ran.stdout)).format == "WEBP"

    def test_an_empty_standard_input_is_refused(self, spawn: Spawn) -> None:
        ran = spawn("remove", "-", *TINY, input=b"")
        assert (ran.returncode, ran.stdout) == (3, b"")
        assert b"Traceback" not in ran.stderr

    def test_a_reader_that_goes_away_is_no_crash(self, folder: Path) -> None:
        Image.fromarray(np.random.default_rng(0).integers(0, 120, (1500, 1500, 3), np.uint8)).save("big.png")
        command = f"{sys.executable} -m cleancut remove big.png -o - --model tiny | head -c 100 > /dev/null"
        ran = subprocess.run(command, shell=True, capture_output=True, env=os.environ, timeout=60, check=False)
        assert b"Traceback" not in ran.stderr

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
    @pytest.mark.parametrize("arguments", [("-o", "-"), ("-o", "o.png", "--json")])
    def test_a_standard_output_that_is_full(self, folder: Path, arguments: tuple[str, ...]) -> None:
        command = [sys.executable, "-m", "cleancut", "remove", "photo.png", *arguments, *TINY]
        with Path("/dev/full").open("wb") as full:
            ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=os.environ, timeout=60, check=False)
        assert ran.returncode == 1
        assert b"cannot write standard output" in ran.stderr
        assert b"Traceback" not in ran.stderr


@pytest.mark.usefixtures("folder")
class TestBatch:
    def test_a_failure_does_not_stop_the_others_and_is_named(self, run: Run) -> None:
        Path("in").mkdir()
        for name in ("a.png", "c.png"):
            Image.fromarray(photo()).save(f"in/{name}")
        Path("in/b.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
        ran = run("remove", "in", "-o", "out", *TINY)
        assert ran.code == 1
        assert sorted(path.name for path in Path("out").iterdir()) == ["a.png", "c.png"]
        assert "in/b.jpg" in ran.err
        assert "2 done, 1 failed of 3 pictures" in ran.err

    def test_a_rerun_skips_what_is_done(self, run: Run) -> None:
        Path("in").mkdir()
        for name in ("a.png", "b.png"):
            Image.fromarray(photo()).save(f"in/{name}")
        assert run("remove", "in", "-o", "out", *TINY).code == 0
        Path("out/a.png").unlink()
        before = Path("out/b.png").stat().st_mtime_ns
        ran = run("remove", "in", "-o", "out", "--json", *TINY)
        assert [line["status"] for line in ran.lines] == ["done", "skipped"]
        assert Path("out/b.png").stat().st_mtime_ns == before

    def test_an_unknown_model_ends_the_batch_at_once(self, run: Run) -> None:
        Path("in").mkdir()
        for name in ("a.png", "b.png"):
            Image.fromarray(photo()).save(f"in/{name}")
        ran = run("remove", "in", "-o", "out", "--json", "--model", "isnet-genral")
        assert ran.code == 4
        assert ran.err.count("isnet-general") == 1
        assert [line["error"]["code"] for line in ran.lines] == ["unknown_model"] * 2
        assert not Path("out").exists()


@pytest.mark.usefixtures("folder")
class TestRefused:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("empty.jpg", b""),
            ("text.jpg", b"just a text, renamed"),
            ("truncated.png", None),
            ("one.png", Image.new("RGB", (1, 1))),
        ],
    )
    def test_bad_input_is_refused_with_a_remedy(
        self, spawn: Spawn, name: str, content: bytes | Image.Image | None
    ) -> None:
        if content is None:
            content = Path("photo.png").read_bytes()[:200]
        if isinstance(content, bytes):
            Path(name).write_bytes(content)
        else:
            content.save(name)
        ran = spawn("remove", name, "-o", "o.png", *TINY)
        said = ran.stderr.decode()
        assert ran.returncode == 3
        assert "error: " in said
        assert "→ " in said
        assert "Traceback" not in said
        assert not Path("o.png").exists()

    def test_a_very_long_picture_is_cut_out(self, run: Run) -> None:
        wide = np.full((2, 30_000, 3), 255, np.uint8)
        wide[:, 10_000:20_000] = 0
        Image.fromarray(wide).save("wide.png")
        assert run("remove", "wide.png", "-o", "o.png", *TINY).code == 0
        assert opened("o.png").size == (30_000, 2)
        ran = run("remove", "wide.png", "-o", "o.webp", *TINY)
        assert (ran.code, Path("o.webp").exists()) == (1, False)
        assert "16383" in ran.err

    def test_an_animation_gives_its_first_frame_and_says_so(self, run: Run) -> None:
        frames = [Image.fromarray(photo()), Image.new("RGB", (96, 64), "red")]
        frames[0].save("a.gif", save_all=True, append_images=frames[1:])
        ran = run("remove", "a.gif", "-o", "o.png", *TINY)
        assert ran.code == 0
        assert "only the first of 2 frames" in ran.err

    def test_a_missing_file(self, run: Run) -> None:
        ran = run("remove", "missing.jpg", *TINY)
        assert ran.code == 3
        assert "missing.jpg" in ran.err

    def test_a_target_that_cannot_be_written(self, run: Run) -> None:
        Path("file").touch()
        ran = run("remove", "photo.png", "-o", "file/o.png", *TINY)
        assert ran.code == 1
        assert "file" in ran.err

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
    def test_a_full_disk(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(self: Path, data: bytes) -> int:
            with Path("/dev/full").open("wb", buffering=0) as file:
                return file.write(data)

        monkeypatch.setattr(Path, "write_bytes", full)
        ran = run("remove", "photo.png", "-o", "o.png", *TINY)
        assert ran.code == 1
        assert "No space left" in ran.err
        assert not Path("o.png").exists()
        assert not leftovers(Path())

    def test_the_input_is_never_overwritten(self, run: Run) -> None:
        before = Path("photo.png").read_bytes()
        assert run("remove", "photo.png", "-o", "photo.png", *TINY).code == 2
        assert run("remove", "photo.png", "-o", ".", *TINY).code == 0
        assert run("remove", ".", *TINY).code == 0
        assert Path("photo.png").read_bytes() == before

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--no-refine",),
            ("--no-decontaminate",),
            ("--jobs", "1"),
            ("--jobs", "4"),
            ("--jobs", "auto"),
            ("--invert",),
            ("--clean", "2.5"),
            ("--translucency", "20"),
        ],
    )
    def test_what_is_built_is_not_refused(self, run: Run, arguments: tuple[str, ...]) -> None:
        assert run("remove", "photo.png", "-o", "o.png", *arguments, *TINY).code == 0

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("photo.png", "--feather", "-1"),
            ("photo.png", "--feather", "nan"),
            ("photo.png", "--background", "whit"),
            ("photo.png", "-o", "o.xyz"),
            ("photo.png", "-o", "o.png", "--format", "jpg"),
            ("photo.png", "--unknown"),
            ("x" * 300,),
            ("photo.png", "--device", "gpu"),
            ("http://127.0.0.1:9/a.png",),
        ],
    )
    def test_wrong_usage(self, run: Run, arguments: tuple[str, ...]) -> None:
        ran = run("remove", *arguments, *TINY)
        assert ran.code == 2
        assert ran.err

    def test_a_gpu_that_is_not_there_is_refused_with_the_remedy(self, run: Run) -> None:
        import onnxruntime

        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            pytest.skip("this ONNX Runtime has CUDA")
        ran = run("remove", "photo.png", "--device", "cuda:1", *TINY)
        assert ran.code == 4
        assert "onnxruntime-gpu" in ran.err


@pytest.mark.usefixtures("folder")
class TestInterrupted:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_nothing_half_written_stays(self, folder: Path, number: signal.Signals, code: int) -> None:
        program = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from cleancut.cli.main import run\n"
            "write = Path.write_bytes\n"
            "def slow(self, data):\n"
            "    if not data.startswith(b'\\x89PNG'):\n"
            "        return write(self, data)\n"
            "    with self.open('wb') as file:\n"
            "        file.write(data[:10]); file.flush()\n"
            "        print('writing', file=sys.stderr, flush=True)\n"
            "        time.sleep(30)\n"
            "Path.write_bytes = slow\n"
            "run()\n"
        )
        command = [sys.executable, "-c", program, "remove", "photo.png", "-o", "o.png", *TINY]
        with subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ) as process:
            assert process.stderr is not None
            while b"writing" not in process.stderr.readline():
                assert process.poll() is None
            time.sleep(0.05)
            process.send_signal(number)
            process.communicate(timeout=10)
        assert process.returncode == code
        assert sorted(path.name for path in folder.iterdir()) == ["photo.png"]
