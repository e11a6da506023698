"""The application: its commands, and the one place where errors become exit codes."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import cast

import typer

from catoptric import __version__
from catoptric.cli import audit, draw, grid, noise, polarity, report, seeds, trace, tune, world
from catoptric.cli.progress import Interrupted
from catoptric.errors import InputError

# What the parser raises for words it cannot use; Typer exports only this one kind of it.
UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])

INTERRUPTED = 130
BAD_INPUT = 2

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Says whose doing a skew in generated pictures is: the training data's, the model's, "
    "or that of one setting of the interface, in percentage points with honest intervals.\n\n"
    'Start with: catoptric audit "a portrait of a doctor"',
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"catoptric {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


app.command("audit")(audit.audit)
app.command("draw")(draw.draw)
app.command("grid")(grid.grid)
app.add_typer(noise.app, name="noise")
app.command("polarity")(polarity.polarity)
app.command("report")(report.report)
app.command("seeds")(seeds.seeds)
app.command("tune")(tune.tune)
app.command("trace")(trace.trace)
app.command("world")(world.world)


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: what stands behind `catoptric`.

    Returns:
        The exit code.
    """
    try:
        code = app(args=list(arguments), prog_name="catoptric", standalone_mode=False)
        if code == INTERRUPTED:  # what Typer makes of Ctrl-C, without a word
            return _interrupted()
        return code if isinstance(code, int) else 0
    except Interrupted as error:
        _complain(str(error))
        return INTERRUPTED
    except InputError as error:
        _complain(str(error))
        return BAD_INPUT
    except UsageError as error:
        message = error.format_message()  # type: ignore[attr-defined]
        if message.startswith("Usage:"):  # no words at all: help, not a complaint
            typer.echo(message, err=True)
        else:
            context = getattr(error, "ctx", None)
            asked = context.command_path if context else "catoptric"
            words = " ".join(message.split()).rstrip(".")
            _complain(f"{words}; `{asked} --help` shows what works")
        return BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except BrokenPipeError:
        return 0
    except SystemExit as ended:
        # Typer answers Ctrl-C so; rich, a reader that has gone.
        return _interrupted() if ended.code == INTERRUPTED else 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        _complain(f"the output cannot be written: {error.strerror}")
        return BAD_INPUT


def _interrupted() -> int:
    _complain("interrupted; nothing finished is lost")
    return INTERRUPTED


def _complain(sentence: str) -> None:
    """One sentence on stderr, in one style whoever wrote it: behind the name, without a stop."""
    if sentence[1:2].islower() or sentence[1:2] == " ":
        sentence = sentence[0].lower() + sentence[1:]
    typer.echo(f"catoptric: {sentence.rstrip('.')}", err=True)
