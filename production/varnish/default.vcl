# Varnish before the web servers. It keeps answers, and asks a server before each use whether they are still the last.
# Start it with -p http_gzip_support=off, so that zstd, br and gzip are kept as they came; and set SPACEDEVS_PROXIES=1.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8000";
}

sub vcl_recv {
    # Else whoever waits for the answer of another gets one that was begun before they asked.
    set req.hash_ignore_busy = true;
    # The server cannot tell it from X-Forwarded-For, which Varnish writes.
    unset req.http.X_Forwarded_For;
    if (req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
}

sub vcl_backend_response {
    if (beresp.status == 200 && beresp.http.ETag && beresp.http.Cache-Control ~ "public, no-cache") {
        set beresp.ttl = 0.001ms; # what has none at all is never asked about again
        set beresp.grace = 0s;
        set beresp.keep = 1h;
        return (deliver);
    }
}
