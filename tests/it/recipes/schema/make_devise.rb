# Makes the table of users by the migration that Devise's own generator writes, and two users with hashes of Devise's. Settings
# come from the environment: ENGINE, NAME, and HOST, PORT, USER, PASSWORD or SOCKET; USERS_PASSWORD is the password of both.
# The argument is an empty directory.

require "logger"
require "rails"
require "active_record"
require "rails/generators"
require "devise"
require "devise/orm/active_record"
require "generators/active_record/devise_generator"

adapter = { "postgresql" => "postgresql", "mariadb" => "mysql2", "sqlite" => "sqlite3" }.fetch(ENV.fetch("ENGINE"))
database = { adapter: adapter, host: ENV["HOST"], port: ENV["PORT"], username: ENV["USER"], password: ENV["PASSWORD"],
             socket: ENV["SOCKET"], database: ENV.fetch("NAME") }.compact
ActiveRecord::Base.configurations = { "development" => database }
ActiveRecord::Base.establish_connection(:development)
ActiveRecord::Migration.verbose = false

directory = ARGV.fetch(0)
generator = ActiveRecord::Generators::DeviseGenerator.new(["User"], { quiet: true }, destination_root: directory)
generator.copy_devise_migration
ActiveRecord::MigrationContext.new(File.join(directory, "db/migrate"), ActiveRecord::SchemaMigration).migrate

class User < ActiveRecord::Base
end
model = Struct.new(:pepper, :stretches).new(nil, 4)
%w[ada bob].each do |name|
  User.create!(email: "#{name}@example.com", encrypted_password: Devise::Encryptor.digest(model, ENV.fetch("USERS_PASSWORD")))
end
