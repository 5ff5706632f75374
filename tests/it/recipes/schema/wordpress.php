<?php
// Prints the tables of WordPress by its own code. Its directory is the argument.
define('ABSPATH', $argv[1] . '/');

class Database
{
    public function get_charset_collate()
    {
        return 'DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci';
    }

    public function __get($table)
    {
        return 'wp_' . $table;
    }
}

function is_multisite()
{
    return false;
}

$wpdb = new Database();
require ABSPATH . 'wp-admin/includes/schema.php';
echo wp_get_db_schema('all');
