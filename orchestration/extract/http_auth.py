"""Who asks an API: dlt's authentications, as the settings of a source say them, within the bounds of a night.

A session sends them to the host of the source alone (http_session.py); a token of OAuth is asked for at its own URL, by a session of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from weakref import WeakKeyDictionary

import requests
from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    AuthConfigBase,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
)

from orchestration.core.errors import KundbildError, SourceError, told_address
from orchestration.core.settings import Source
from orchestration.core.settings.auth import Auth, secrets_of
from orchestration.extract.budget import Budget
from orchestration.extract.http_session import body_of
from orchestration.extract.kept_tokens import KeptToken

# so many seconds before its end a token counts as ended
_EARLY = 60
# of one source: each table would else ask for a token of its own
_kept: WeakKeyDictionary[Budget, OAuthToken] = WeakKeyDictionary()


def authentication(
    name: str, source: Source, budget: Budget, session: Callable[[str], requests.Session], kept: KeptToken | None = None
) -> AuthConfigBase | None:
    """What a session is to authenticate with; `session` makes one for an address, `kept` is the source's newest refresh token. Raises
    SourceError where a secret is empty."""
    auth = source.auth
    if auth is None:
        if not source.token and "token" in source.model_fields_set:
            raise _empty(name, "token")
        return BearerTokenAuth(source.token) if source.token else None
    said = auth.model_dump()
    for keys, value in secrets_of(said).items():
        if value == "" and keys[0] in auth.model_fields_set:
            raise _empty(name, ".".join(("auth", *keys)))
    if auth.type == "api_key":
        return _Key(name=auth.name, api_key=auth.key, location=auth.place)
    if auth.type == "hmac":
        return Signature(auth)
    if auth.type == "basic":
        return HttpBasicAuth(auth.user, auth.password)
    if budget not in _kept:
        _kept[budget] = OAuthToken(name, auth, session, kept)
    return _kept[budget]


def _empty(name: str, field: str) -> SourceError:
    return SourceError(
        f"source {name}: the {field.rpartition('.')[2]} is empty",
        to_do=f"set the environment variable that {field} names",
        is_whole_source=True,
    )


class Signature(AuthConfigBase):
    """Each request signed with a key that is not sent (HMAC), which dlt has no authentication for. A request that is sent again is signed
    again: its time would be over."""

    is_of_its_time = True

    def __init__(self, auth: Auth) -> None:
        super().__init__()
        self._auth = auth

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        auth, now = self._auth, datetime.now(UTC)
        parts = urlsplit(str(request.url))
        sent = body_of(request)
        at = now.strftime(auth.time_as.replace("%s", str(int(now.timestamp()))))
        values = {
            "method": str(request.method), "path": parts.path, "query": parts.query, "url": str(request.url), "host": parts.netloc,
            "body": sent.decode("utf-8", "surrogateescape"), "body_sha256": hashlib.sha256(sent).hexdigest(), "time": at, "client_id": auth.client_id,
        }  # fmt: skip
        signed = _filled(auth.signs, values).encode("utf-8", "surrogateescape")
        digest = hmac.new(auth.key.encode(), signed, auth.algorithm)
        signature = digest.hexdigest() if auth.written == "hex" else b64encode(digest.digest()).decode()
        request.headers[auth.name] = _filled(auth.sent_as, values | {"signature": signature})
        if auth.time:
            request.headers[auth.time] = at
        return request


def _filled(said: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], said)


class _Key(APIKeyAuth):
    """dlt's, with cookies and forms; said twice, as after a redirect, it is sent once."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.location == "cookie":
            sent = str(request.headers.get("Cookie", "")).split("; ")
            others = [cookie for cookie in sent if cookie and not cookie.startswith(f"{self.name}=")]
            request.headers["Cookie"] = "; ".join([*others, f"{self.name}={self.api_key}"])
            return request
        if self.location == "form":
            request.method = "POST"
            request.headers["Content-Type"] = "application/x-www-form-urlencoded"
            request.prepare_body({self.name: self.api_key}, None)
            return request
        if self.location == "query":
            parts = urlsplit(str(request.url))
            said = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != self.name]
            request.url = urlunsplit(parts._replace(query=urlencode([*said, (self.name, self.api_key)])))
            return request
        return super().__call__(request)


class OAuthToken(OAuth2ClientCredentials):
    """dlt's client credentials, and the grant refresh_token. `renew` asks for another token, whatever the old one says of its end."""

    def __init__(
        self, name: str, auth: Auth, session: Callable[[str], requests.Session], kept: KeptToken | None
    ) -> None:
        super().__init__(
            access_token_url=auth.token_url, client_id=auth.client_id, client_secret=auth.client_secret, session=requests.Session()
        )  # fmt: skip
        self._name, self._auth, self._new_session, self._kept = name, auth, session, kept
        self._refresh = kept.newest(auth.refresh_token) if kept and auth.refresh_token else auth.refresh_token

    def renew(self) -> None:
        self.obtain_token()

    def obtain_token(self) -> None:
        why, status = "it does not answer", None
        if self._kept and self._refresh:
            with self._kept_or_told("make it writable, with room on its disk; the token is not used up"):
                self._kept.try_out()
        try:
            with self._new_session(self._auth.token_url) as self.session:
                super().obtain_token()
            return
        except requests.HTTPError as error:
            status = None if error.response is None else error.response.status_code
            why = f"status {status}"
        except requests.RequestException as error:
            why = type(error).__name__
        except ValueError:
            why = "its answer has no access_token"
        raise SourceError(
            f"source {self._name}: no token is given for the API ({why})",
            where=f"{told_address(self._auth.token_url)}, [sources.{self._name}.auth]",
            to_do="check token_url, client_id and the secrets, and what the client may ask for"
            + (
                f"; authorise it anew, and put the new token where {self._name}'s refresh_token is"
                if self._refresh
                else ""
            ),
            is_passing=status is None or status >= 500,
            is_whole_source=True,
        ) from None

    def build_access_token_request(self) -> dict[str, Any]:
        auth = self._auth
        form = {"grant_type": auth.grant, **auth.more}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if auth.scope:
            form["scope"] = auth.scope
        if self._refresh:
            form["refresh_token"] = self._refresh
        if auth.client == "header":
            client = b64encode(f"{auth.client_id}:{auth.client_secret}".encode()).decode()
            headers["Authorization"] = f"Basic {client}"
        else:
            form |= {"client_id": auth.client_id, "client_secret": auth.client_secret}
        return {"headers": headers, "data": form}

    def parse_access_token(self, response_json: Any) -> str:
        found = response_json.get("access_token") if isinstance(response_json, dict) else None
        if not isinstance(found, str) or not found:
            raise ValueError("no token")
        # of some vendors each refresh token is good once
        if self._refresh and (newer := response_json.get("refresh_token")) and newer != self._refresh:
            self._refresh = str(newer)
            if self._kept and self._auth.refresh_token:
                with self._kept_or_told(
                    "make it writable, authorise the client anew, and put the new token in place of the old one"
                ):
                    self._kept.keep(self._auth.refresh_token, self._refresh)
        return found

    @contextmanager
    def _kept_or_told(self, to_do: str) -> Iterator[None]:
        try:
            yield
        except (KundbildError, OSError) as error:
            why = error.what if isinstance(error, KundbildError) else type(error).__name__
            raise SourceError(
                f"source {self._name}: a newer refresh token cannot be kept in the home ({why})",
                where="refresh_tokens/ in the home folder",
                to_do=to_do,
                is_whole_source=True,
            ) from None

    def parse_expiration_in_seconds(self, response_json: Any) -> int:
        try:
            return max(0, super().parse_expiration_in_seconds(response_json) - _EARLY)
        except (TypeError, ValueError):
            return self.default_token_expiration
