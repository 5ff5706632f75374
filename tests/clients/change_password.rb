# Changes a password as Ruby's net-ldap does: by a modify with a replace, or by the password modify operation.
#
#   change_password.rb HOST PORT BIND_DN BIND_PASSWORD DN NEW replace|operation
#
# Prints the result code and the server's text.

require 'net/ldap'

host, port, bind_dn, bind_password, dn, new, how = ARGV
ldap = Net::LDAP.new(host: host, port: port.to_i,
                     auth: { method: :simple, username: bind_dn, password: bind_password })
if how == 'replace'
  ldap.replace_attribute(dn, :userPassword, new)
else
  ldap.password_modify(dn: dn, auth: { method: :simple, username: bind_dn, password: bind_password },
                       old_password: nil, new_password: new)
end
result = ldap.get_operation_result
puts "#{result.code} #{result.error_message}"
