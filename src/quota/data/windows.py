"""Writes windows.tsv: calendar windows as Python's zoneinfo has them, to test src/quota/window.rs against.

Run: python3 src/quota/data/windows.py > src/quota/data/windows.tsv
Columns: zone, period, moment, start of the window, its end; all times in seconds since the Unix epoch.
"""

import calendar
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
ZONES = {
    "UTC": UTC,
    "+05:30": timezone(timedelta(hours=5, minutes=30)),
    "-03:30": -timedelta(hours=3, minutes=30),
    "Europe/Berlin": ZoneInfo("Europe/Berlin"),
    "America/New_York": ZoneInfo("America/New_York"),
    # Skips the hour after midnight.
    "America/Santiago": ZoneInfo("America/Santiago"),
    "Africa/Cairo": ZoneInfo("Africa/Cairo"),
    "Asia/Tokyo": ZoneInfo("Asia/Tokyo"),
    "Asia/Kathmandu": ZoneInfo("Asia/Kathmandu"),
    # Changes by half an hour.
    "Australia/Lord_Howe": ZoneInfo("Australia/Lord_Howe"),
}
ZONES["-03:30"] = timezone(ZONES["-03:30"])


def first_second(date, zone):
    """The first second whose date in the zone is `date` or later, by bisection; no offset arithmetic."""
    middle = calendar.timegm(date.timetuple())
    low, high = middle - 86400, middle + 86400
    while low < high:
        probe = (low + high) // 2
        if datetime.fromtimestamp(probe, zone).date() >= date.date():
            high = probe
        else:
            low = probe + 1
    return low


def bounds(second, period, zone):
    local = datetime.fromtimestamp(second, zone)
    if period == "hour":
        same = lambda at: (  # noqa: E731
            datetime.fromtimestamp(at, zone).strftime("%Y%m%d%H%z") == local.strftime("%Y%m%d%H%z")
        )
        start, end = second, second + 1
        for step in (900, 60, 1):
            while same(start - step):
                start -= step
            while same(end + step - 1):
                end += step
        return start, end
    date = datetime(local.year, local.month, local.day)
    if period == "day":
        after = date + timedelta(days=1)
    elif period == "week":
        date -= timedelta(days=date.isoweekday() - 1)
        after = date + timedelta(days=7)
    else:
        date = date.replace(day=1)
        after = (date + timedelta(days=32)).replace(day=1)
    return first_second(date, zone), first_second(after, zone)


def main():
    generator = random.Random(4)
    print("# Written by windows.py; see there.")
    for name, zone in ZONES.items():
        first = int(datetime(2025, 1, 2, tzinfo=UTC).timestamp())
        last = int(datetime(2044, 12, 1, tzinfo=UTC).timestamp())
        moments = [generator.randrange(first, last) for _ in range(12)]
        moments += [
            int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) + offset
            for year, month, day, hour in [(2028, 2, 29, 0), (2028, 3, 1, 0), (2026, 12, 31, 12), (2027, 1, 1, 12)]
            for offset in (-1, 0)
        ]
        # Every change of the offset in two years, from a minute before to two hours after.
        for hour in range(int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()), first + 2 * 366 * 86400, 1800):
            shift = datetime.fromtimestamp(hour, zone).utcoffset() != datetime.fromtimestamp(hour - 1, zone).utcoffset()
            moments += [hour + offset for offset in (-3600, -60, -1, 0, 1, 1799, 1800, 3600, 7200)] if shift else []
        for second in moments:
            for period in ("hour", "day", "week", "month"):
                start, end = bounds(second, period, zone)
                print(name, period, second, start, end, sep="\t")


main()
