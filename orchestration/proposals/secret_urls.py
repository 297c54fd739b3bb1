"""Secrets of what is named after --from: none of them enters the configuration. Here: URL → what kundbild.toml says, and the variables.

Not here: secrets that stand in a configuration already (run/written_secrets.py).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from orchestration.core.errors import SECRET_PARAMETER, ConfigurationError
from orchestration.core.settings.secret_names import VARIABLE

_LOGIN = re.compile(r"^([a-z][\w+.-]*://[^:@/?#]*:)([^@/?#]+)(@)", re.IGNORECASE)
# of a web address a name without a password is one
_TOKEN = re.compile(r"^(https?://)([^:@/?#]+)(@)", re.IGNORECASE)
# of a query: what may be a secret by its name
_NAMED = re.compile(rf"(?i)([?&])({SECRET_PARAMETER}=)([^&#]+)")


@dataclass(frozen=True)
class SecretUrl:
    """`plain` is the URL to connect with, `written` that of the configuration, `variables` what its ${…} stand for."""

    plain: str = field(repr=False)
    written: str
    variables: dict[str, str] = field(repr=False)
    is_new: bool = False  # whether a variable has to be set before a run


def secret_url(name: str, said: str) -> SecretUrl:
    """The URL with ${NAME_PASSWORD} in place of a password that stands in it. Raises ConfigurationError where it names a variable that
    is not set."""
    written, made = said, {}

    def hide(secret: str, of: str) -> str:
        if VARIABLE.fullmatch(secret):
            return secret
        variable = f"{name}_{of}".upper().replace("-", "_")
        made[variable] = secret
        return f"${{{variable}}}"

    written = _LOGIN.sub(lambda m: f"{m[1]}{hide(m[2], 'password')}{m[3]}", written)
    written = _TOKEN.sub(lambda m: f"{m[1]}{hide(m[2], 'login')}{m[3]}", written)
    written = _NAMED.sub(lambda m: f"{m[1]}{m[2]}{hide(m[3], _as_variable(m[2]))}", written)
    return SecretUrl(
        _filled(said), written, made, is_new=any(os.environ.get(v) != secret for v, secret in made.items())
    )


def _as_variable(parameter: str) -> str:
    return re.sub(r"\W+", "_", parameter.rstrip("="))


def _filled(said: str) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = os.environ.get(match[1], match[2])
        if value is None:
            raise ConfigurationError(
                f"the environment variable {match[1]} is not set", where="--from", to_do=f"set it before you start: export {match[1]}=…"
            )  # fmt: skip
        return value

    return VARIABLE.sub(value_of, said)
