#!/usr/bin/perl
# What a Proxmox VE realm does with a directory, over Net::LDAP: the sync of users and groups, and logins.
#
#   proxmox.pl rules SERVERS FACTS   checks each rule of docs/clients/proxmox.md: "ok RULE" or "not ok RULE: why"
#   proxmox.pl work SERVERS          a sync at each line of standard input; standard output tells what came of it
#
# SERVERS is HOST:PORT,HOST:PORT; FACTS a directory with what the database holds.

use strict;
use warnings;
use utf8;
use Digest::MD5 qw(md5_hex);
use Encode qw(decode encode);
use IO::Socket::INET;
use List::Util qw(max shuffle sum0);
use Net::LDAP;
use Net::LDAP::Constant qw(LDAP_CONTROL_PAGED);
use Net::LDAP::Control::Paged;
use Net::LDAP::Util qw(escape_filter_value);

binmode STDOUT, ':encoding(UTF-8)';
$| = 1;

my $BASE = 'dc=example,dc=com';
my ($mode, $servers, $facts) = @ARGV;
my @servers = map { "ldaps://$_" } split /,/, $servers;
my $PEOPLE  = '(|(objectclass=inetorgperson)(objectclass=posixaccount)(objectclass=person)(objectclass=user))';
my $GROUPS  = '(|(objectclass=groupOfNames)(objectclass=group)(objectclass=univentionGroup)(objectclass=ipausergroup))';
my @FIELDS  = qw(uid enable expire firstname lastname email comment keys mail);

# Tried in order; TLS 1.2 and nothing else; then an anonymous bind that is sent.
sub connected {
    my @hosts = @_ ? @_ : @servers;
    my $ldap = Net::LDAP->new(\@hosts, timeout => 10, verify => 'none', sslversion => 'tlsv1_2') or die "no server: $@\n";
    my $result = $ldap->bind;
    die 'bind: ' . $result->error_name . "\n" if $result->code;
    return $ldap;
}

sub search {
    my ($ldap, %asked) = @_;
    return $ldap->search(base => $BASE, scope => 'sub', deref => 'find', %asked);
}

# All pages of a search, and how many entries each had. What was going on is told to $each.
sub paged {
    my ($ldap, $size, $each, %asked) = @_;
    my $page = Net::LDAP::Control::Paged->new(size => $size);
    my (@entries, @sizes, $cookie, $error);
    while (1) {
        my $result = search($ldap, %asked, control => [$page]);
        if ($result->code) { $error = $result->error_name; last }
        push @entries, $result->entries;
        push @sizes,   $result->count;
        my ($answer) = $result->control(LDAP_CONTROL_PAGED) or last;
        $cookie = $answer->cookie;
        last unless defined $cookie && length $cookie;
        $page->cookie($cookie);
        $each->() if $each;
    }
    if (defined $error) {
        # The rest is not wanted any more; what is answered to this does not matter.
        if (defined $cookie && length $cookie) {
            $page->size(0);
            search($ldap, %asked, control => [$page]);
        }
        die "search: $error\n";
    }
    return (\@entries, \@sizes);
}

sub text {
    my ($octets) = @_;
    return utf8::is_utf8($octets) ? $octets : decode('UTF-8', $octets);
}

# What a realm imports: accounts by DN, and groups with those members that are accounts.
sub synchronised {
    my ($pause) = @_;
    my %got = (accounts => {}, mail => {}, groups => {});
    my $ldap = connected();
    my $any = join '', map { "($_=*)" } shuffle @FIELDS;
    my ($users, $pages) = paged($ldap, 900, $pause, filter => "(&(|$any)$PEOPLE)", attrs => [shuffle(@FIELDS), 'memberOf']);
    for my $user (@$users) {
        my $name = text(scalar $user->get_value('uid'));
        next unless $name =~ m{^[^\s:/]+$} && length("$name\@ldap") >= 3 && length("$name\@ldap") <= 64;
        $got{dns}{ lc text($user->dn) } = $name;
        $got{accounts}{$name} = text($user->dn);
        my $mail = $user->get_value('mail');
        $got{mail}{$name} = text($mail) if defined $mail;
    }
    $ldap->unbind;
    $ldap = connected();
    my ($groups, $of_groups) = paged($ldap, 100, undef, filter => $GROUPS, attrs => ['member', 'uniqueMember']);
    for my $group (@$groups) {
        my ($name) = text($group->dn) =~ /^[^=]+=([^,]+),/;
        next unless $name =~ /^[A-Za-z0-9._-]+$/;
        my @members = $group->get_value('member');
        @members = $group->get_value('uniqueMember') unless @members;
        $got{groups}{$name} = [sort grep { defined } map { $got{dns}{ lc text($_) } } @members];
    }
    $ldap->unbind;
    return { %got, pages => $pages, group_pages => $of_groups, users => $users, raw_groups => $groups };
}

# One login: 1, or why not.
sub login {
    my ($ldap, $name, $password) = @_;
    my $result = search($ldap, filter => '(uid=' . escape_filter_value($name) . ')', attrs => ['dn']);
    die 'search: ' . $result->error_name . "\n" if $result->code;
    return 'nobody' unless $result->count;
    my $bound = $ldap->bind($result->entry(0)->dn, password => $password);
    return $bound->code ? $bound->error_name : 1;
}

sub rows {
    my ($table) = @_;
    open my $file, '<:encoding(UTF-8)', "$facts/$table" or die "$table: $!\n";
    return map { chomp; [split /\t/, $_, -1] } <$file>;
}

sub same {
    my ($what, $got, $wanted) = @_;
    return if $got eq $wanted;
    my %got    = map { $_ => 1 } split /\n/, $got;
    my %wanted = map { $_ => 1 } split /\n/, $wanted;
    my @more = grep { !$wanted{$_} } sort keys %got;
    my @less = grep { !$got{$_} } sort keys %wanted;
    die "$what: too much: @more[0 .. max(-1, $#more < 3 ? $#more : 3)]; missing: @less[0 .. ($#less < 3 ? $#less : 3)]\n";
}

sub equal {
    my ($what, $got, $wanted) = @_;
    die "$what: $got, not $wanted\n" if $got ne $wanted;
}

# --- The rules -------------------------------------------------------------------------------------------------------

my $sync;
sub sync { return $sync ||= synchronised() }

my %rules = (
    tls_1_2_only => sub {
        my $ldap = connected();
        equal('version', $ldap->socket->get_sslversion, 'TLSv1_2');
    },
    anonymous_bind => sub {
        my $ldap = connected();
        my $result = search($ldap, filter => '(uid=alice)');
        equal('entries', $result->code . '/' . $result->count, '0/1');
    },
    unknown_attributes => sub {
        my $ldap = connected();
        my $result = search($ldap, filter => '(|(enable=*)(expire=*)(keys=*)(uid=alice))');
        equal('one of them known', $result->code . '/' . $result->count, '0/1');
        $result = search($ldap, filter => '(|(enable=*)(expire=*)(keys=*))');
        equal('none of them known', $result->code . '/' . $result->count, '0/0');
    },
    classes_in_lower_case => sub {
        my $ldap = connected();
        for my $class (qw(inetorgperson posixaccount person)) {
            my $result = search($ldap, filter => "(&(objectclass=$class)(uid=alice))", attrs => ['objectclass']);
            equal($class, $result->code . '/' . $result->count, '0/1');
        }
    },
    users_with_names_and_mail => sub {
        my %stored = map { $_->[0] => $_->[1] } rows('users');
        my @valid = grep { m{^[^\s:/]+$} } keys %stored;
        same('accounts', join("\n", sort keys %{ sync()->{accounts} }), join("\n", sort @valid));
        for my $name (@valid) {
            # Where there is none, none is made up.
            equal("mail of $name", sync()->{mail}{$name} // '', $stored{$name});
        }
    },
    groups_of_names => sub {
        my $ldap = connected();
        my $result = search($ldap, filter => '(cn=staff)', attrs => ['objectClass', 'member', 'memberUid']);
        my $group = $result->entry(0);
        my %classes = map { $_ => 1 } $group->get_value('objectClass');
        die "classes of a group\n" unless $classes{groupOfNames} && $classes{posixGroup};
        my $uids = join "\n", sort map { text($_) } $group->get_value('memberUid');
        my @members = $group->get_value('member');
        equal('memberUid', scalar(split /\n/, $uids), scalar @members);
    },
    members_are_dns_of_users => sub {
        my %wanted = map { $_->[0] => [] } grep { $_->[0] =~ /^[A-Za-z0-9._-]+$/ } rows('groups');
        for my $row (rows('members')) {
            push @{ $wanted{ $row->[0] } }, $row->[1] if $wanted{ $row->[0] } && $row->[1] =~ m{^[^\s:/]+$};
        }
        my $shown = sub { my ($groups) = @_; join "\n", map { "$_: @{[sort @{$groups->{$_}}]}" } sort keys %$groups };
        same('groups', $shown->(sync()->{groups}), $shown->(\%wanted));
    },
    plain_group_names => sub {
        my %dns = map { text($_->dn) => 1 } @{ sync()->{raw_groups} };
        for my $name (grep { /^[A-Za-z0-9._-]+$/ } map { $_->[0] } rows('groups')) {
            die "no cn=$name,$BASE\n" unless $dns{"cn=$name,$BASE"};
        }
        die "teams\n" unless sync()->{groups}{team7};
    },
    groups_without_members => sub {
        die "empty is missing\n" unless sync()->{groups}{empty};
        equal('members of empty', scalar @{ sync()->{groups}{empty} }, 0);
    },
    pages => sub {
        for (['users', 900, sync()->{pages}], ['groups', 100, sync()->{group_pages}]) {
            my ($table, $size, $pages) = @$_;
            my $count = scalar(my @all = rows($table));
            die "$table: not enough for the test\n" if $count <= $size;
            equal($table, sum0(@$pages), $count);
            my @wanted = (($size) x int($count / $size), $count % $size);
            equal("pages of $table", "@$pages", "@wanted");
        }
        my %dns = map { $_->dn => 1 } @{ sync()->{users} };
        equal('users, each once', scalar keys %dns, scalar @{ sync()->{users} });
    },
    size_0_ends_the_set => sub {
        my $ldap = connected();
        my %asked = (filter => $PEOPLE, attrs => ['uid']);
        my $page = Net::LDAP::Control::Paged->new(size => 900);
        my $result = search($ldap, %asked, control => [$page]);
        my ($answer) = $result->control(LDAP_CONTROL_PAGED);
        my $cookie = $answer->cookie;
        die "no cookie\n" unless length $cookie;
        # An error in the middle: the cookie is of another search.
        $page->cookie($cookie);
        $result = search($ldap, filter => '(uid=*)', attrs => ['uid'], control => [$page]);
        equal('another search', $result->error_name, 'LDAP_UNWILLING_TO_PERFORM');
        $page->size(0);
        $result = search($ldap, %asked, control => [$page]);
        equal('size 0', $result->code . '/' . $result->count, '0/0');
        ($answer) = $result->control(LDAP_CONTROL_PAGED);
        equal('no cookie any more', length $answer->cookie, 0);
        equal('afterwards', search($ldap, filter => '(uid=alice)')->count, 1);
    },
    the_attribute_dn => sub {
        my $result = search(connected(), filter => '(uid=alice)', attrs => ['dn']);
        equal('code', $result->code, 0);
        equal('dn', $result->entry(0)->dn, "uid=alice,$BASE");
        equal('attributes', scalar $result->entry(0)->attributes, 0);
    },
    one_entry_by_name => sub {
        my $ldap = connected();
        my $count = sub {
            my $filter = '(uid=' . escape_filter_value(encode('UTF-8', $_[0])) . ')';
            my $result = search($ldap, filter => $filter, attrs => ['dn']);
            die "$filter: " . $result->error_name . "\n" if $result->code;
            return $result->count;
        };
        equal($_->[0], $count->($_->[0]), 1) for rows('users');
        equal($_, $count->($_), 0) for 'nobody', '*', 'ali*', '(alice)', 'alice)(uid=*', '\\', 'alice\\', 'staff';
    },
    login_on_the_same_connection => sub {
        my ($name, $password) = @ENV{qw(LOGIN_NAME LOGIN_PASSWORD)};
        my $ldap = connected();
        equal('wrong', login($ldap, $name, 'wrong-Passw0rd'), 'LDAP_INVALID_CREDENTIALS');
        equal('right', login($ldap, $name, $password), 1);
        equal('wrong after right', login($ldap, $name, 'wrong-Passw0rd'), 'LDAP_INVALID_CREDENTIALS');
        equal('unknown', login($ldap, 'nobody', $password), 'nobody');
        equal('a pattern', login($ldap, 'che*', $password), 'nobody');
        equal('search afterwards', search($ldap, filter => '(uid=alice)')->count, 1);
    },
    aliases => sub {
        my $ldap = connected();
        for my $deref (qw(never search find always)) {
            my $result = search($ldap, deref => $deref, filter => '(uid=alice)');
            equal($deref, $result->code . '/' . $result->count, '0/1');
        }
    },
    no_size_limit => sub {
        my $result = search(connected(), filter => '(objectclass=*)', attrs => ['1.1']);
        my $count = 1 + rows('users') + rows('groups') + rows('private');
        equal('everything in one answer', $result->code . '/' . $result->count, "0/$count");
    },
    first_server_dead => sub {
        my $port = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
        my $ldap = connected("ldaps://127.0.0.1:$port", $servers[1]);
        equal('server', $ldap->uri, $servers[1]);
        equal('entries', search($ldap, filter => '(uid=alice)')->count, 1);
    },
    default_base => sub {
        my $root = connected()->root_dse(attrs => ['defaultNamingContext']);
        equal('base', scalar $root->get_value('defaultNamingContext'), $BASE);
    },
);

# --- Syncs on demand -------------------------------------------------------------------------------------------------

sub work {
    while (my $line = <STDIN>) {
        chomp $line;
        my $halted = $line ne 'halt';
        my $pause = sub {
            return if $halted++;
            print "halted\n";
            <STDIN>;
        };
        my $got = eval { synchronised($pause) };
        if (!$got) {
            my $why = $@;
            $why =~ s/\s+/ /g;
            print "left $why\n";
            next;
        }
        my @lines = map { "$_ $got->{accounts}{$_} " . ($got->{mail}{$_} // '') } sort keys %{ $got->{accounts} };
        push @lines, map { "$_: @{$got->{groups}{$_}}" } sort keys %{ $got->{groups} };
        printf "took %d users, %d groups, %s\n", scalar keys %{ $got->{accounts} }, scalar keys %{ $got->{groups} },
            md5_hex(encode('UTF-8', join "\n", @lines));
    }
}

if ($mode eq 'rules') {
    for my $rule (sort keys %rules) {
        if (eval { $rules{$rule}->(); 1 }) { print "ok $rule\n" }
        else { my $why = $@; $why =~ s/\s+/ /g; print "not ok $rule: $why\n" }
    }
} else {
    work();
}
