//! What nginx says itself: its error pages and its status lines.

/// `ngx_http_error_301_page` and its kin.
pub(super) fn page(status: u16, signature: &str) -> String {
    let Some(title) = title(status) else {
        return String::new();
    };
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>{signature}</center>\r\n</body>\r\n</html>\r\n"
    )
}

/// Of a page's head; those that have no page have none.
fn title(status: u16) -> Option<String> {
    let words = match status {
        302 => "Found",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        414 => "Request-URI Too Large",
        413 => "Request Entity Too Large",
        408 => "Request Time-out",
        _ => line(status),
    };
    let has_page = matches!(status, 301..=303 | 307..=308 | 400..=406 | 408..=416 | 421 | 429 | 500..=505 | 507);
    (has_page && !words.is_empty()).then(|| format!("{status} {words}"))
}

/// Behind the number in a status line.
pub(super) fn line(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Time-out",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        415 => "Unsupported Media Type",
        416 => "Requested Range Not Satisfiable",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "",
    }
}
