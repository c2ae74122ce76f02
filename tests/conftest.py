"""Every run of the tests draws the same examples, so that a red run tells of a change and not of a draw.

Loaded by pytest. GREFFON_EXPLORE=1 draws anew: that is how new examples are looked for, away from a release's checks.
"""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile("exploring" if os.environ.get("GREFFON_EXPLORE") else "repeatable")
