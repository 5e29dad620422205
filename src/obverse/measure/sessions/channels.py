"""Where a session came from: the channel, source and campaign that its first page view tells.

A page view tells the campaign that its address carried (``context.campaign.source``, ``.medium``,
``.name``: the UTM parameters), the page that linked to it (``context.page.referrer``), and the click id
that an advertiser or a mailing tool put into the address. `ARRIVAL` puts these into one text for each
event, so that a layout has one code for all of it; `Arrival.read` takes the text apart again, and `channel`
names the channel by the first rule that holds:

    Direct: no campaign, no click id, and no page of another site that linked here.
    SMS: source or medium is ``sms``.
    Push: medium ends with ``push`` or has ``notification`` in it.
    Email: source or medium is email, newsletter and the like; a mailing tool's click id; a webmail site
        linked here.
    Affiliate: medium is ``affiliate``, ``affiliates`` or ``affiliation``.
    Display: medium is display, banner, interstitial, expandable or cpm; DoubleClick's click id.
    Paid search: paid, and the source is a search engine, or the medium says search, or its click id is a
        search engine's.
    Paid social: paid, and the source is a social network, or the medium says social, or its click id is a
        network's.
    Paid video: paid, and the source is a video site, or the medium says video.
    Paid other: paid, and none of those.
    AI assistant: the source or the site that linked here is a chat assistant.
    Organic social: the source or the site that linked here is a social network; medium says social; a
        network's other click id.
    Organic video: the source or the site that linked here is a video site, or the medium says video.
    Organic search: the source or the site that linked here is a search engine, or the medium is
        ``organic``.
    Referral: another site linked here, or the medium is referral, link or app.
    Other campaign: a campaign that no rule knows.

*Paid* is a medium that begins with ``paid``, is ``retargeting`` or has ``cpc``, ``ppc``, ``cpm``, ``cpv``,
``cpa`` or ``sem`` as a word, or a paid click id. The rules are those of Google Analytics 4's default
channel group, with click ids (as PostHog has them) and mail, chat assistants and webmail added; the lists
of sites are short and our own. A page of the own site, or of one that the question names in `own_sites`,
did not bring anybody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SEPARATOR = "\x1f"
"""Stands between the parts of an arrival's text; no address has it."""

DIRECT = "Direct"
NO_CAMPAIGN = "(no campaign)"

PAID_SEARCH_IDS = ("gclid", "gbraid", "wbraid", "msclkid", "yclid")
PAID_SOCIAL_IDS = ("ttclid", "twclid", "li_fat_id", "rdt_cid", "ScCid", "epik")
DISPLAY_IDS = ("dclid",)
SOCIAL_IDS = ("fbclid", "igshid", "igsh")
EMAIL_IDS = ("mc_eid", "mc_cid", "_hsenc", "mkt_tok", "vero_id", "_kx")
CLICK_IDS = (*PAID_SEARCH_IDS, *PAID_SOCIAL_IDS, *DISPLAY_IDS, *SOCIAL_IDS, *EMAIL_IDS)

SEARCH = frozenset(
    (
        "google",
        "bing",
        "yahoo",
        "duckduckgo",
        "baidu",
        "yandex",
        "ecosia",
        "qwant",
        "startpage",
        "brave",
        "naver",
        "daum",
        "seznam",
        "sogou",
        "kagi",
        "aol",
        "ask",
        "search",
        "adwords",
        "googleads",
        "presearch",
        "swisscows",
        "metager",
    )
)
SOCIAL = frozenset(
    (
        "facebook",
        "fb",
        "instagram",
        "ig",
        "linkedin",
        "lnkd",
        "twitter",
        "x",
        "t",
        "tiktok",
        "pinterest",
        "pin",
        "reddit",
        "snapchat",
        "threads",
        "mastodon",
        "bsky",
        "vk",
        "weibo",
        "wechat",
        "whatsapp",
        "telegram",
        "discord",
        "quora",
        "tumblr",
        "xing",
        "messenger",
    )
)
VIDEO = frozenset(
    (
        "youtube",
        "youtu",
        "vimeo",
        "twitch",
        "dailymotion",
        "netflix",
        "hulu",
    )
)
ASSISTANTS = frozenset(
    (
        "chatgpt",
        "openai",
        "perplexity",
        "gemini",
        "copilot",
        "claude",
        "deepseek",
        "mistral",
    )
)
ASSISTANT_HOSTS = ("gemini.google.", "copilot.microsoft.", "chat.")
MAIL_HOSTS = ("mail.", "webmail.", "outlook.live.", "outlook.office")
NOT_SEARCH = (
    "docs.",
    "drive.",
    "classroom.",
    "meet.",
    "sites.",
    "groups.",
    "calendar.",
    "finance.",
    "sports.",
)

_URL = "coalesce(context.page.url, properties.url)"
_REFERRER = "coalesce(context.page.referrer, properties.referrer, context.referrer.url)"
_SEARCH = f"coalesce(context.page.search, properties.search, {_URL})"


def _site(url: str) -> str:
    return f"lower(regexp_extract({url}, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)', 1))"


ARRIVAL = f" || '{SEPARATOR}' || ".join(
    f"coalesce({part}, '')"
    for part in (
        "lower(trim(context.campaign.source))",
        "lower(trim(context.campaign.medium))",
        "trim(context.campaign.name)",
        _site(_REFERRER),
        f"regexp_extract({_SEARCH}, '[?&]({'|'.join(CLICK_IDS)})=', 1)",
        f"(({_site(_REFERRER)} = {_site(_URL)}) || '')",
    )
)
"""Expression (`obverse.tape.expression`) for all that an event tells of where its session came from."""

_GENERIC = frozenset(("com", "co", "org", "net", "ac", "edu", "gov"))
_PAID = re.compile(r"^(paid.*|retargeting|(.*[^a-z])?(cpc|ppc|cpm|cpv|cpa|sem)([^a-z].*)?)$")
_EMAIL = re.compile(r"^(e[-_ ]?mails?|newsletters?|mail|crm|mailing)$")
_SOCIAL_MEDIUM = re.compile(r"(^|[^a-z])(social|sm)([^a-z]|$)")
_SEARCH_MEDIUM = re.compile(r"(^|[^a-z])(search|sem)([^a-z]|$)|paidsearch")
_DISPLAY = frozenset(("display", "banner", "interstitial", "expandable", "cpm"))


@dataclass(frozen=True)
class Arrival:
    """What a page view tells of where its session came from; empty texts for what it does not tell.

    Attributes:
        source: of the campaign, in small letters.
        medium: of the campaign, in small letters.
        campaign: its name.
        site: host of the page that linked here, if it is another site's.
        click: name of the click id in the address.
    """

    source: str = ""
    medium: str = ""
    campaign: str = ""
    site: str = ""
    click: str = ""

    @classmethod
    def read(cls, text: str | None, own_sites: Sequence[str] = ()) -> Arrival:
        r"""Take the value of `ARRIVAL` apart.

        Args:
            text: the value; what is none tells nothing.
            own_sites: hosts, with all below them, that did not bring anybody.

        >>> Arrival.read("google\x1fcpc\x1fspring\x1fwww.google.com\x1fgclid\x1ffalse").source
        'google'
        """
        parts = (text or "").split(SEPARATOR)
        if len(parts) != 6:
            return cls()
        source, medium, campaign, site, click, own = parts
        if own == "true" or any(_below(site, one) for one in own_sites):
            site = ""
        return cls(source, medium, campaign, site, click)

    @property
    def named(self) -> bool:
        """Whether there is a campaign."""
        return bool(self.source or self.medium or self.campaign)

    @property
    def origin(self) -> str:
        """Where it came from: the campaign's source, else the site, else directly."""
        return self.source or self.site or "(direct)"

    @property
    def channel(self) -> str:
        """The channel, by the table above."""
        if not (self.named or self.site or self.click):
            return DIRECT
        return self._sent() or self._bought() or self._found()

    def _sent(self) -> str:
        """Name the channels that address somebody who is known already, and affiliates; empty for none."""
        if "sms" in (self.source, self.medium):
            return "SMS"
        if self.medium.endswith("push") or "notification" in self.medium:
            return "Push"
        mail = _EMAIL.match(self.source) or _EMAIL.match(self.medium) or self.click in EMAIL_IDS
        if mail or (not self.named and self.site.startswith(MAIL_HOSTS)):
            return "Email"
        return "Affiliate" if self.medium in ("affiliate", "affiliates", "affiliation") else ""

    def _bought(self) -> str:
        """Name the channels that are paid for; empty for none."""
        if self.medium in _DISPLAY or self.click in DISPLAY_IDS:
            return "Display"
        if not (_PAID.match(self.medium) or self.click in PAID_SEARCH_IDS or self.click in PAID_SOCIAL_IDS):
            return ""
        if self._of(SEARCH) or _SEARCH_MEDIUM.search(self.medium) or self.click in PAID_SEARCH_IDS:
            return "Paid search"
        if self._of(SOCIAL) or "social" in self.medium or self.click in PAID_SOCIAL_IDS:
            return "Paid social"
        return "Paid video" if self._of(VIDEO) or "video" in self.medium else "Paid other"

    def _found(self) -> str:
        """Name the channels of those who came by themselves."""
        if self._of(ASSISTANTS) or (not self.named and self.site.startswith(ASSISTANT_HOSTS)):
            return "AI assistant"
        if self._of(SOCIAL) or _SOCIAL_MEDIUM.search(self.medium) or self.click in SOCIAL_IDS:
            return "Organic social"
        if self._of(VIDEO) or "video" in self.medium:
            return "Organic video"
        if self.medium == "organic" or (self._of(SEARCH) and not self.site.startswith(NOT_SEARCH)):
            return "Organic search"
        if self.site or self.medium in ("referral", "link", "app"):
            return "Referral"
        return "Other campaign"

    def _of(self, sites: frozenset[str]) -> bool:
        """Say whether the source, or where there is none the site, is one of some."""
        return _word(self.source or self.site) in sites


def _word(site: str) -> str:
    """Give the word that a host is known by; a word itself.

    >>> [_word(site) for site in ("www.google.co.uk", "t.co", "com.linkedin.android", "facebook")]
    ['google', 't', 'linkedin', 'facebook']
    """
    parts = site.split(".")
    if len(parts) > 2 and parts[0] in _GENERIC:  # the name of an Android app: a host turned round
        return parts[1]
    if len(parts) > 2 and parts[-2] in _GENERIC:
        parts.pop()
    return parts[-2] if len(parts) > 1 else site


def _below(site: str, host: str) -> bool:
    host = host.strip().lower().removeprefix("www.")
    return bool(host) and (site == host or site.endswith("." + host))
