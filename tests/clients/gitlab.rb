# What GitLab does with a directory, over net-ldap: sign-ins, checks whether users still may, and the sync of groups.
#
#   gitlab.rb rules SERVERS FACTS           checks each rule of docs/clients/gitlab.md: "ok RULE" or "not ok RULE: why"
#   gitlab.rb work SERVERS                  checks and a group sync at each line of standard input; standard output tells
#                                           what came of it
#   gitlab.rb sync SERVERS GROUPS MEMBERS   a sync of the groups named in a file, and of no more members than that
#
# SERVERS is HOST:PORT,HOST:PORT; FACTS a directory with what the database holds.

require 'digest'
require 'net/ldap'
require 'set'
require 'timeout'

$stdout.sync = true
Encoding.default_external = Encoding::UTF_8

BASE = 'dc=example,dc=com'
GROUP_BASE = ENV.fetch('GROUP_BASE', BASE)
MODE, SERVERS, FACTS, LIMIT = ARGV
HOSTS = SERVERS.split(',').map { |server| server.split(':') }.map { |host, port| [host, port.to_i] }
PERSON = %w[dn uid cn mail email userPrincipalName sAMAccountName userid memberof givenName sn]
GROUP = %w[dn cn memberuid member submember uniquemember memberof]
DISABLED = Net::LDAP::Filter.ex('userAccountControl:1.2.840.113556.1.4.803', '2')
IN_CHAIN = 'memberOf:1.2.840.113556.1.4.1941'
ANY = Net::LDAP::Filter.pres('objectClass')

class NoAnswer < StandardError; end
class Wrong < StandardError; end

def options(hosts = HOSTS)
  {
    hosts: hosts,
    base: BASE,
    auth: { method: :anonymous },
    encryption: {
      method: :simple_tls,
      tls_options: { ca_file: ENV.fetch('LDAP_CA'), verify_mode: OpenSSL::SSL::VERIFY_PEER }
    }
  }
end

# One connection for many searches.
def connected(&block)
  Net::LDAP.open(options, &block)
end

# Entries; nothing where the code is an error, as GitLab has it. What breaks is tried again on a new connection.
def search(ldap, **asked)
  attempt = 0
  begin
    Timeout.timeout(10 * [1, 1, 2, 3][attempt]) do
      ldap.search(**asked) || []
    end
  rescue Net::LDAP::Error, Errno::ECONNREFUSED, Timeout::Error, SystemCallError, IOError => error
    raise NoAnswer, error.message if attempt == 1 # 3 in GitLab

    attempt += 1
    ldap = Net::LDAP.new(options)
    retry
  end
end

def equality(attribute, value)
  Net::LDAP::Filter.equals(attribute, value)
end

def by_dn(ldap, dn, filter = ANY)
  search(ldap, base: dn, scope: Net::LDAP::SearchScope_BaseObject, filter: filter, attributes: PERSON)
end

def by_uid(ldap, uid)
  search(ldap, filter: equality('uid', uid), attributes: PERSON)
end

def group(ldap, name)
  search(ldap, base: GROUP_BASE, filter: equality('cn', name), attributes: GROUP)
end

# As GitLab keeps DNs: in lower case, without spaces that need not be there.
def normal(dn)
  dn.dup.force_encoding('UTF-8').downcase.gsub(/(?<!\\), +/, ',')
end

# Of the first attribute that there is; members by name only where there are none.
def member_dns(entry)
  attribute = %i[member uniquemember memberof].find { |name| entry.attribute_names.include?(name) }
  dns = attribute ? entry[attribute].map { |dn| normal(dn) } : []
  return dns unless dns.empty?

  entry[:memberuid].map { |uid| "uid #{uid}" }
end

# Whether a user keeps the account. An exception leaves it as it is.
def allowed?(ldap, dn)
  found = by_dn(ldap, dn)
  return false if found.empty?

  by_dn(ldap, dn, DISABLED).empty?
end

def rows(table)
  File.readlines(File.join(FACTS, table), chomp: true).map { |line| line.split("\t", -1) }
end

def equal(what, got, wanted)
  raise Wrong, "#{what}: #{got.inspect}, not #{wanted.inspect}" unless got == wanted
end

def raw(ldap, **asked)
  entries = []
  ldap.search(return_result: false, **asked) { |entry| entries << entry }
  [ldap.get_operation_result.code, entries]
end

# --- The rules -------------------------------------------------------------------------------------------------------

RULES = {}

RULES[:root_dse] = lambda do |ldap|
  root = ldap.search_root_dse
  raise Wrong, 'no paged results' unless root[:supportedcontrol].include?('1.2.840.113556.1.4.319')

  equal('namingContexts', root[:namingcontexts], [BASE])
  equal('supportedLdapVersion', root[:supportedldapversion], ['3'])
end

RULES[:pages_with_one_message_id] = lambda do |ldap|
  code, entries = raw(ldap, filter: equality('objectClass', 'person'), attributes: %w[dn])
  equal('code', code, 0)
  raise Wrong, 'too few for the test' if entries.size < 8 * 126

  equal('users, each once', entries.map(&:dn).uniq.size, entries.size)
  equal('users', entries.size, rows('users').size)
end

RULES[:users_by_dn] = lambda do |ldap|
  rows('users').each_slice(20).map(&:first).each do |name, _|
    found = by_uid(ldap, Net::LDAP::Filter.escape(name))
    equal(name, found.size, 1)
    equal("the DN of #{name}", by_dn(ldap, normal(found[0].dn)).map(&:dn), [found[0].dn])
  end
  ['UID=ALICE,DC=EXAMPLE,DC=COM', 'uid=alice, dc=example, dc=com', 'uid = alice , dc=example,dc = com'].each do |dn|
    equal(dn, by_dn(ldap, dn).map(&:dn), ["uid=alice,#{BASE}"])
  end
  code, entries = raw(ldap, base: "uid=nobody,#{BASE}", scope: 0, filter: ANY)
  equal('nobody', [code, entries.size], [32, 0])
  equal('afterwards', by_uid(ldap, 'alice').size, 1)
end

RULES[:nobody_is_disabled] = lambda do |ldap|
  equal('alice', raw(ldap, base: "uid=alice,#{BASE}", scope: 0, filter: DISABLED, attributes: %w[dn]), [0, []])
  either = equality('uid', 'alice') | DISABLED
  equal('one of two', raw(ldap, filter: either)[1].map(&:dn), ["uid=alice,#{BASE}"])
  equal('not', raw(ldap, filter: ~DISABLED), [0, []])
  equal('not, and', raw(ldap, filter: equality('uid', 'alice') & ~DISABLED), [0, []])
  rows('users').first(3).each { |name, _| raise Wrong, name unless allowed?(ldap, "uid=#{name},#{BASE}") }
end

RULES[:members_in_chain] = lambda do |ldap|
  code, entries = raw(ldap, filter: Net::LDAP::Filter.construct("(#{IN_CHAIN}:=cn=staff,#{BASE})"))
  direct = raw(ldap, filter: equality('memberOf', "cn=staff,#{BASE}"))[1].map(&:dn)
  raise Wrong, "code #{code}, #{entries.size} entries" unless code.zero? && (entries.empty? || entries.map(&:dn) == direct)
end

RULES[:no_nested_groups] = lambda do |ldap|
  filter = Net::LDAP::Filter.construct("(&(objectClass=group)(memberOf=cn=staff,#{BASE}))")
  equal('entries', raw(ldap, filter: filter), [0, []])
end

RULES[:groups_by_cn] = lambda do |ldap|
  %w[staff STAFF team7 empty].each do |name|
    found = group(ldap, name)
    equal(name, found.map { |entry| entry[:cn] }, [[name.downcase]])
  end
  %w[staff team7].each do |group|
    wanted = rows('members').select { |name, _| name == group }.map { |_, uid| "uid=#{uid},#{BASE}" }
    entry = group(ldap, group)[0]
    equal("member of #{group}", entry[:member].sort, wanted.sort)
    equal("memberUid of #{group}", entry[:memberuid].size, wanted.size)
  end
  equal('nobody', group(ldap, 'no-such-group'), [])
end

RULES[:members_can_be_read] = lambda do |ldap|
  %w[staff developers ldapusers team1].each do |name|
    member_dns(group(ldap, name)[0]).first(40).each do |dn|
      equal("#{dn} of #{name}", by_dn(ldap, dn).map { |user| normal(user.dn) }, [dn])
    end
  end
end

RULES[:no_member_of_without_member] = lambda do |ldap|
  entries = raw(ldap, filter: equality('objectClass', 'posixGroup'), attributes: GROUP)[1]
  equal('groups', entries.size, rows('groups').size + rows('private').size)
  with = entries.select { |entry| entry[:memberof].any? }.map(&:dn)
  equal('memberOf', with, [])
end

RULES[:size_limits] = lambda do |ldap|
  prefix = Net::LDAP::Filter.begins('cn', 'team')
  code, entries = raw(ldap, filter: prefix, attributes: GROUP, size: 20)
  equal('more than 20', [code, entries.size], [4, 20])
  code, entries = raw(ldap, filter: Net::LDAP::Filter.begins('cn', 'team24'), attributes: GROUP, size: 20)
  equal('less than 20', [code, entries.size], [0, 11])
  code, entries = raw(ldap, filter: equality('uid', 'alice'), size: 1)
  equal('exactly 1', [code, entries.size], [0, 1])
end

RULES[:person_attributes] = lambda do |ldap|
  user = by_uid(ldap, 'alice')[0]
  equal('uid', user[:uid], ['alice'])
  equal('cn', user[:cn], ['Alice Smith'])
  equal('mail', user[:mail], ['alice@example.com'])
  equal('givenName', user[:givenname], ['Alice'])
  equal('sn', user[:sn], ['Smith'])
  wanted = rows('members').select { |_, uid| uid == 'alice' }.map(&:first)
  # By GitLab's expression, which ends a name at the first other character.
  name = /cn=([\w\s-]+)/
  equal('memberof', user[:memberof].map { |dn| dn[name, 1] }.sort, wanted.map { |cn| "cn=#{cn}"[name, 1] }.sort)
end

RULES[:the_attribute_dn] = lambda do |ldap|
  code, entries = raw(ldap, filter: equality('uid', 'alice'), attributes: %w[dn])
  equal('alice', [code, entries.map { |entry| entry.attribute_names }], [0, [[:dn]]])
end

RULES[:sign_in] = lambda do |_|
  name, password = ENV.values_at('LOGIN_NAME', 'LOGIN_PASSWORD')
  # A search and a bind on one connection, which is then closed.
  sign_in = ->(with) { Net::LDAP.new(options).bind_as(filter: equality('uid', name), size: 1, password: with) }
  equal('wrong', sign_in.('wrong-Passw0rd'), false)
  raise Wrong, 'right' unless sign_in.(password)

  equal('nobody', Net::LDAP.new(options).bind_as(filter: equality('uid', 'nobody'), size: 1, password: password), false)
  connected do |ldap|
    dn = by_uid(ldap, name)[0].dn
    [['wrong-Passw0rd', 49], [password, 0], ['wrong-Passw0rd', 49]].each do |with, code|
      ldap.bind(method: :simple, username: dn, password: with)
      equal(with == password ? 'right' : 'wrong', ldap.get_operation_result.code, code)
      equal('afterwards', by_uid(ldap, 'alice').size, 1)
    end
  end
  # net-ldap takes an empty password for none at all.
  empty = Net::LDAP.new(options.merge(auth: { method: :simple, username: "uid=#{name},#{BASE}", password: '' }))
  raise Wrong, 'empty' if empty.bind
end

RULES[:values_in_lower_case] = lambda do |ldap|
  found = ->(attribute, value) { raw(ldap, filter: equality(attribute, value))[1].map { |entry| entry[:uid] } }
  equal('uid', found.('uid', 'mixedcase'), [['MixedCase']])
  equal('mail', found.('mail', 'mixed.case@example.com'), [['MixedCase']])
  either = equality('mail', 'alice@example.com') | equality('email', 'alice@example.com') |
           equality('userPrincipalName', 'alice@example.com')
  equal('any of three', raw(ldap, filter: either)[1].map(&:dn), ["uid=alice,#{BASE}"])
end

RULES[:first_server_dead] = lambda do |_|
  listener = TCPServer.new('127.0.0.1', 0)
  port = listener.addr[1]
  listener.close
  Net::LDAP.open(options([['127.0.0.1', port], HOSTS[1]])) { |ldap| equal('entries', by_uid(ldap, 'alice').size, 1) }
end

def rules
  RULES.each do |name, rule|
    connected { |ldap| rule.(ldap) }
    puts "ok #{name}"
  rescue StandardError => error
    puts "not ok #{name}: #{error.class}: #{error.message}".gsub(/\s+/, ' ')
  end
end

# --- Work on demand --------------------------------------------------------------------------------------------------

def work
  while (line = $stdin.gets)
    begin
      puts "took #{checks_and_sync(line.chomp == 'halt')}"
    rescue NoAnswer, Net::LDAP::Error, SystemCallError, IOError => error
      puts "left #{error.class}: #{error.message}".gsub(/\s+/, ' ')
    end
  end
end

def checks_and_sync(halt)
  state = connected do |ldap|
    %w[alice bob carol many1].map do |name|
      may = allowed?(ldap, "uid=#{name},#{BASE}")
      if halt
        halt = false
        puts 'halted'
        $stdin.gets
      end
      "#{name}: #{may}"
    end
  end
  connected do |ldap|
    %w[staff developers ldapusers empty team1 team2].each do |name|
      found = group(ldap, name)
      state << "#{name}: #{found.empty? ? 'nobody' : member_dns(found[0]).sort}"
    end
  end
  "#{state.size} answers, #{Digest::MD5.hexdigest(state.join("\n"))}"
end

# Each group by its name, and each member, once, by DN.
def sync
  limit = LIMIT.to_i
  connected do |ldap|
    members = Set.new
    pairs = 0
    names = File.readlines(FACTS, chomp: true)
    names.each do |name|
      found = group(ldap, name)
      equal(name, found.size, 1)
      pairs += found[0][:member].size
      members.merge(member_dns(found[0]))
    end
    missing = members.first(limit).reject { |dn| by_dn(ldap, dn).size == 1 }
    equal('members that cannot be read', missing, [])
    puts "#{names.size} groups, #{pairs} memberships, #{[members.size, limit].min} members"
  end
end

send(MODE)
