# Varnish in front of the web servers. It caches responses and revalidates before each use.
# Start it with -p http_gzip_support=off, so that it caches zstd, br and gzip unchanged, and set SPACEDEVS_PROXIES=1.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8000";
}

sub vcl_recv {
    # Otherwise a client that waits for another client's response gets one that was requested earlier.
    set req.hash_ignore_busy = true;
    # The server cannot distinguish it from X-Forwarded-For, which Varnish writes.
    unset req.http.X_Forwarded_For;
    if (req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
}

sub vcl_backend_response {
    if (beresp.status == 200 && beresp.http.ETag && beresp.http.Cache-Control ~ "public, no-cache") {
        set beresp.ttl = 0.001ms; # with a TTL of 0 Varnish would not revalidate
        set beresp.grace = 0s;
        set beresp.keep = 1h;
        return (deliver);
    }
}
