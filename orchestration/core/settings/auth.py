"""How a source that is an API knows who asks, beyond a bearer token. Not here: sending it (extract/http_auth.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from orchestration.core.settings.secret_names import sounds_secret

# of each type: what it needs, what it may say besides
_FIELDS = {
    "api_key": (("key",), ("name", "place")),
    "basic": (("user",), ("password",)),
    "hmac": (("key", "signs"), ("name", "sent_as", "algorithm", "written", "client_id", "time", "time_as")),
    "oauth2": (
        ("token_url", "client_id"),
        ("client_secret", "grant", "refresh_token", "scope", "client", "more"),
    ),
}
# what a signature may be of, and what its header may say
SIGNED = ("method", "path", "query", "url", "host", "body", "body_sha256", "time", "client_id")
SENT = ("signature", "client_id", "time")
_SECRETS = ("key", "password", "client_secret", "refresh_token")


def secrets_of(auth: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """What the file must not hold, by its keys below `auth`. A user without a password is a key, as some vendors have it."""
    is_key = auth.get("type") == "basic" and not auth.get("password")
    found: dict[tuple[str, ...], Any] = {
        (name,): auth.get(name) for name in (*_SECRETS, *(("user",) if is_key else ()))
    }
    more = auth.get("more")
    named = more.items() if isinstance(more, Mapping) else ()
    return found | {("more", name): value for name, value in named if sounds_secret(name)}


def has_scheme(auth: Mapping[str, Any]) -> bool:
    """Whether a word may stand before a key: in the header Authorization, which has a scheme and then what it takes. A key that signs has none."""
    return (
        auth.get("type") == "api_key"
        and str(auth.get("name", "")).casefold() == "authorization"
        and auth.get("place", "header") == "header"
    )


class Auth(BaseModel, extra="forbid", frozen=True):
    """api_key: key, name, place; basic: user, password; hmac: each request is signed with key; oauth2: a token that is asked for, and asked for anew when it ends."""

    type: Literal["api_key", "basic", "hmac", "oauth2"]
    key: str = Field(default="", repr=False, description="api_key, hmac: as ${NAME_OF_ENVIRONMENT_VARIABLE}")
    name: str = Field(
        default="X-Api-Key",
        description="api_key: what the header, parameter or cookie is called; hmac: the header of the signature",
    )
    signs: str = Field(
        default="",
        description="hmac: what of a request is signed, as {method}{path}{time}: method, path, query, url, host, body, body_sha256, time, client_id",
    )
    sent_as: str = Field(
        default="{signature}", description="hmac: what the header says, of signature, client_id and time"
    )
    algorithm: Literal["sha1", "sha256", "sha512"] = Field(default="sha256", description="hmac")
    written: Literal["hex", "base64"] = Field(default="hex", description="hmac: how the signature is written")
    time: str = Field(
        default="", description="hmac: the header that says when a request was signed, where there is one"
    )
    time_as: str = Field(
        default="%s", description="hmac: how the time is written, in UTC, as strftime has it; %s: seconds since 1970"
    )
    place: Literal["header", "query", "cookie", "form"] = Field(
        default="header", description="api_key: where it is sent; form: in the body of a POST"
    )
    user: str = Field(default="", repr=False, description="basic")
    password: str = Field(default="", repr=False, description="basic: as ${NAME_OF_ENVIRONMENT_VARIABLE}")
    token_url: str = Field(
        default="", description="oauth2: where tokens are asked for; it may be on another host than the API"
    )
    client_id: str = Field(default="", description="oauth2; hmac: what names the key, where sent_as or signs do")
    client_secret: str = Field(default="", repr=False, description="oauth2: as ${NAME_OF_ENVIRONMENT_VARIABLE}")
    grant: Literal["client_credentials", "refresh_token"] = Field(default="client_credentials", description="oauth2")
    refresh_token: str | None = Field(
        default=None,
        repr=False,
        description="oauth2, of the grant refresh_token: as ${NAME_OF_ENVIRONMENT_VARIABLE}; one that an answer gives instead is kept "
        "in the home, and used until another one stands in the variable",
    )
    scope: str = Field(default="", description="oauth2")
    client: Literal["body", "header"] = Field(
        default="body", description="oauth2: where id and secret of the client are sent; header: as HTTP basic"
    )
    more: dict[str, str] = Field(
        default={}, repr=False, description="oauth2: what else the token is asked for with, as audience"
    )

    @model_validator(mode="after")
    def _says_what_its_type_needs(self) -> Auth:
        needed, besides = _FIELDS[self.type]
        if missing := [field for field in needed if field not in self.model_fields_set]:
            raise ValueError(f'type = "{self.type}" needs {", ".join(missing)}')
        if others := sorted(self.model_fields_set - {"type", *needed, *besides}):
            raise ValueError(
                f'type = "{self.type}" has no {", ".join(others)}; it has {", ".join([*needed, *besides])}'
            )
        for said, known in ((self.signs, SIGNED), (self.sent_as, SENT)):
            if unknown := next((name for name in re.findall(r"\{([^{}]*)\}", said) if name not in known), None):
                raise ValueError(f"hmac has no {{{unknown}}} there; it has {', '.join(known)}")
        if (self.grant == "refresh_token") != (self.refresh_token is not None):
            raise ValueError('grant = "refresh_token" needs refresh_token, and no other grant has one')
        return self

    @property
    def is_good_once(self) -> bool:
        """Whether what it asks for a token with may be used up by it: a look does not ask then."""
        return self.grant == "refresh_token"
