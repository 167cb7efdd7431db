<?php
// WordPress as the WORDPRESS_* variables of the container say. "unique phrase" is replaced when this is copied to a volume.

/** NAME, or the content of the file that NAME_FILE names. */
function read_setting(string $name, string $otherwise): string
{
    $file = getenv("{$name}_FILE");
    if ($file !== false && $file !== '') {
        return rtrim(file_get_contents($file), "\r\n");
    }
    $value = getenv($name);
    return $value === false ? $otherwise : $value;
}

define('DB_HOST', read_setting('WORDPRESS_DB_HOST', 'mysql'));
define('DB_USER', read_setting('WORDPRESS_DB_USER', 'root'));
define('DB_PASSWORD', read_setting('WORDPRESS_DB_PASSWORD', ''));
define('DB_NAME', read_setting('WORDPRESS_DB_NAME', 'wordpress'));
define('DB_CHARSET', read_setting('WORDPRESS_DB_CHARSET', 'utf8mb4'));
define('DB_COLLATE', read_setting('WORDPRESS_DB_COLLATE', ''));
$table_prefix = read_setting('WORDPRESS_TABLE_PREFIX', 'wp_');

define('AUTH_KEY', read_setting('WORDPRESS_AUTH_KEY', 'unique phrase'));
define('SECURE_AUTH_KEY', read_setting('WORDPRESS_SECURE_AUTH_KEY', 'unique phrase'));
define('LOGGED_IN_KEY', read_setting('WORDPRESS_LOGGED_IN_KEY', 'unique phrase'));
define('NONCE_KEY', read_setting('WORDPRESS_NONCE_KEY', 'unique phrase'));
define('AUTH_SALT', read_setting('WORDPRESS_AUTH_SALT', 'unique phrase'));
define('SECURE_AUTH_SALT', read_setting('WORDPRESS_SECURE_AUTH_SALT', 'unique phrase'));
define('LOGGED_IN_SALT', read_setting('WORDPRESS_LOGGED_IN_SALT', 'unique phrase'));
define('NONCE_SALT', read_setting('WORDPRESS_NONCE_SALT', 'unique phrase'));

define('WP_DEBUG', (bool) read_setting('WORDPRESS_DEBUG', ''));

// Behind a proxy that speaks TLS to visitors.
if (str_contains($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '', 'https')) {
    $_SERVER['HTTPS'] = 'on';
}

eval(read_setting('WORDPRESS_CONFIG_EXTRA', ''));

defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');

require_once ABSPATH . 'wp-settings.php';
