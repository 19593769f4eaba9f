"""Serves static files, each of which is looked at when it is first requested."""

from hashlib import blake2b
from pathlib import Path

from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise without its look at all files when a process starts: of the hundreds, few are ever requested.

    The ETag of a file is derived from its content, while WhiteNoise's depends on the time of collection: so it is the
    same on every server of a release. It is weak, because a compressed file has the tag of the original."""

    def add_files(self, root, prefix=None):
        self.autorefresh, is_refreshed = True, self.autorefresh  # which notes the folder alone
        super().add_files(root, prefix)
        self.autorefresh = is_refreshed

    def __call__(self, request):
        path = request.path_info
        if path.startswith(self.static_prefix) and path not in self.files:
            found = self.find_file(path)
            if found is not None:
                self.files[path] = found
        return super().__call__(request)

    def add_cache_headers(self, headers, path, url):
        super().add_cache_headers(headers, path, url)
        if (file := Path(path)).is_file():  # and no folder, which the caller refuses
            headers["ETag"] = f'W/"{blake2b(file.read_bytes(), digest_size=15).hexdigest()}"'
