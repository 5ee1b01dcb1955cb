"""The calendar: zones, periods, bitmaps of active days, silences."""
