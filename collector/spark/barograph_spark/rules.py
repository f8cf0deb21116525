"""What the log says of a device beside its readings: sites, settings, releases and expiries, as of a position."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import wire
from .windows import LEVELS, Calendar, KnownSite, with_site

GENERATION = 0
BUILT_IN = wire.Settings("UTC", list(LEVELS))


@dataclass(frozen=True, slots=True)
class Control:
    """A record that is no reading. What was found out when it was taken stands in `found`."""

    partition: int
    at: int
    device: str
    """Empty: of all devices of the partition."""
    kind: str
    body: bytes
    found: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ranged:
    """What a record at a position says of some numbers of an epoch."""

    at: int
    first: int
    last: int


@dataclass(slots=True)
class Rules:
    """All of it, for the device's records before one position."""

    sites: Sequence[KnownSite] = ()
    releases: dict[tuple[str, str], list[Ranged]] = field(default_factory=dict)
    expiries: dict[tuple[str, str], list[Ranged]] = field(default_factory=dict)
    expired_before: dict[tuple[str, str], int] = field(default_factory=dict)
    """By sensor and level: windows that end by then are gone."""
    window_set: int = 0
    sealed_until: dict[str, int] = field(default_factory=dict)
    _settings: list[tuple[int, wire.Settings]] = field(default_factory=list)

    def take(self, control: Control) -> None:
        """The next record, in the order of the log."""
        if control.kind == "settings":
            self._settings.append((control.at, wire.decode_settings(control.body)))
        elif control.kind == "site":
            self._take_site(control)
        elif control.kind == "release":
            for one in wire.decode_release(control.body)[1]:
                of_epoch = self.releases.setdefault((one.sensor, one.epoch), [])
                of_epoch.append(Ranged(control.at, one.first, one.last))
        elif control.kind == "expire":
            self._take_expire(control)

    def _take_site(self, control: Control) -> None:
        self.sites = with_site(self.sites, known_site(control, self.sealed_until))
        if control.found.get("rezones"):
            self.window_set += 1

    def _take_expire(self, control: Control) -> None:
        expire = wire.decode_expire(control.body)
        for sensor, level, before in expire.levels:
            key = (sensor, level)
            self.expired_before[key] = max(before, self.expired_before.get(key, before))
        for one in self.valid_ranges(control.at, expire):
            of_epoch = self.expiries.setdefault((one.sensor, one.epoch), [])
            of_epoch.append(Ranged(control.at, one.first, one.last))
        sealed = control.found.get("sealed")
        if isinstance(sealed, Mapping):
            for level, end in sealed.items():
                self.sealed_until[level] = max(end, self.sealed_until.get(level, end))

    def valid_ranges(self, at: int, expire: wire.Expire) -> list[wire.Range]:
        """Void when a site came after they were chosen."""
        known = expire.known[1]
        return [] if any(known <= site.at < at for site in self.sites) else expire.raw

    def settings_at(self, at: int) -> wire.Settings:
        """What held for a record."""
        i = bisect_right(self._settings, at, key=lambda one: one[0]) - 1
        return self._settings[i][1] if i >= 0 else BUILT_IN

    @property
    def default_time_zone(self) -> str:
        """For a device that never said where it stands."""
        return (self._settings[-1][1] if self._settings else BUILT_IN).time_zone

    def calendar(self) -> Calendar:
        """The windows of the device."""
        return Calendar(self.sites, self.default_time_zone)


def known_site(control: Control, sealed_until: Mapping[str, int]) -> KnownSite:
    """The site that a record brought, and what was sealed when it came."""
    site = wire.decode_site(control.body)
    content = (
        *(site.version, site.name, site.latitude, site.longitude, site.altitude_m),
        *(site.time_zone, site.valid_from),
    )
    return KnownSite(
        control.at, site.version, site.time_zone, site.valid_from, dict(sealed_until), content
    )
