from hypothesis import settings

from tests.size import times

settings.register_profile("core", max_examples=times(60), deadline=None, database=None)
settings.load_profile("core")
