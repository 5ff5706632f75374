<?php
// Makes the table of users with Laravel's schema builder, as the migration of a new project does, and two users with Laravel's
// query builder. Settings come from the environment: ENGINE, NAME, and HOST, PORT, USER, PASSWORD or SOCKET; USERS_PASSWORD is
// the password of both.
error_reporting(E_ALL & ~E_DEPRECATED);
require 'Illuminate/Database/autoload.php';

use Illuminate\Database\Capsule\Manager;
use Illuminate\Database\Schema\Blueprint;

$manager = new Manager();
$manager->addConnection([
    'driver' => ['postgresql' => 'pgsql', 'mariadb' => 'mysql', 'sqlite' => 'sqlite'][getenv('ENGINE')],
    'host' => getenv('HOST') ?: '',
    'port' => getenv('PORT') ?: '',
    'unix_socket' => getenv('SOCKET') ?: '',
    'username' => getenv('USER') ?: '',
    'password' => getenv('PASSWORD') ?: '',
    'database' => getenv('NAME'),
    'charset' => getenv('ENGINE') === 'mariadb' ? 'utf8mb4' : 'utf8',
    'collation' => 'utf8mb4_unicode_ci',
    'prefix' => '',
]);
$manager->setAsGlobal();
if (getenv('ENGINE') === 'sqlite') {
    touch(getenv('NAME'));
}
$manager->schema()->create('users', function (Blueprint $table) {
    $table->id();
    $table->string('name');
    $table->string('email')->unique();
    $table->timestamp('email_verified_at')->nullable();
    $table->string('password');
    $table->rememberToken();
    $table->timestamps();
});
$secret = getenv('USERS_PASSWORD');
$argon2 = ['memory_cost' => 1024, 'time_cost' => 2, 'threads' => 2];
$users = [
    ['Ada Lovelace', 'ada@example.com', password_hash($secret, PASSWORD_BCRYPT)],
    ['Bob', 'bob@example.com', password_hash($secret, PASSWORD_ARGON2ID, $argon2)],
];
foreach ($users as [$name, $email, $hash]) {
    $manager->table('users')->insert(['name' => $name, 'email' => $email, 'password' => $hash]);
}
