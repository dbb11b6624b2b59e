//! Addresses and allow-lists, as tables.

use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

#[test]
fn knows_special_addresses() {
    for (text, why) in [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.1", "carrier"),
        ("100.127.255.255", "carrier"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.8", "protocol"),
        ("192.0.2.1", "documentation"),
        ("192.31.196.1", "name service"),
        ("192.88.99.1", "6to4"),
        ("192.168.1.1", "private"),
        ("198.18.0.1", "benchmark"),
        ("198.19.255.255", "benchmark"),
        ("198.51.100.7", "documentation"),
        ("203.0.113.9", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::2", "not public"),
        ("::7f00:1", "not public"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.1.2.3", "private"),
        ("::ffff:169.254.169.254", "link-local"),
        ("::ffff:0:10.0.0.1", "not public"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b::169.254.169.254", "link-local"),
        ("64:ff9b:1::808:808", "translator"),
        ("100::1", "discarded"),
        ("2001::1", "Teredo"),
        ("2001:20::1", "protocol"),
        ("2001:1ff::1", "protocol"),
        ("2001:db8::1", "documentation"),
        ("2002:7f00:1::1", "6to4"),
        ("2002:808:808::1", "6to4"),
        ("3fff::1", "documentation"),
        ("3fff:fff::1", "documentation"),
        ("4000::1", "not public"),
        ("5f00::1", "segment"),
        ("fc00::1", "private"),
        ("fd12:3456::1", "private"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
    ] {
        let refused = Guard::default().check("h.example", address(text)).expect_err(text);
        assert!(refused.why.contains(why), "{text}: {refused}");
        assert!(!refused.to_string().contains(text), "{refused}");
    }
}

#[test]
fn lets_public_addresses_pass() {
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450::1",
        "3ffe::1",
    ] {
        assert_eq!(Guard::default().check("h.example", address(text)), Ok(()), "{text}");
    }
}

#[test]
fn opens_what_the_allow_list_names() {
    let yes = true;
    let no = false;
    for (entry, host, text, passes) in [
        ("10.1.0.0/16", "h", "10.1.255.1", yes),
        ("10.1.0.0/16", "h", "10.2.0.1", no),
        ("10.1.2.3/16", "h", "10.1.9.9", yes),
        ("10.1.0.0/16", "h", "::ffff:10.1.0.1", yes),
        ("10.1.0.0/16", "h", "64:ff9b::10.1.0.1", yes),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1", yes),
        ("127.0.0.1", "127.0.0.2", "127.0.0.2", no),
        ("127.0.0.1", "localhost", "::1", no),
        ("::1", "localhost", "::1", yes),
        ("[::1]", "localhost", "::1", yes),
        ("fd00::/8", "h", "fd12::1", yes),
        ("fd00::/8", "h", "fc12::1", no),
        ("hooks.internal", "hooks.internal", "10.0.0.1", yes),
        ("hooks.internal", "HOOKS.internal.", "10.0.0.1", yes),
        ("Hooks.Internal.", "hooks.internal", "10.0.0.1", yes),
        ("hooks.internal", "evil-hooks.internal", "10.0.0.1", no),
        ("hooks.internal", "hooks.internal.evil.example", "10.0.0.1", no),
        ("*.corp.example", "a.corp.example", "10.0.0.1", yes),
        ("*.corp.example", "a.b.corp.example", "10.0.0.1", yes),
        ("*.corp.example", "corp.example", "10.0.0.1", no),
        ("*.corp.example", "evilcorp.example", "10.0.0.1", no),
        ("localhost", "localhost", "127.0.0.1", yes),
        ("localhost", "127.0.0.1", "127.0.0.1", no),
        ("0.0.0.0/0", "h", "127.0.0.1", yes),
    ] {
        let guard = Guard::allowing([entry]).expect(entry);
        assert_eq!(guard.check(host, address(text)).is_ok(), passes, "{entry}: {host} at {text}");
    }
}

#[test]
fn refuses_entries_that_mean_nothing() {
    for entry in
        ["", "*", "*.", "10.0.0.0/33", "10.0.0", "300.1.1.1", "https://a.example", "a.example:80", "a..b", "a b"]
    {
        let error = Guard::allowing(["127.0.0.1", entry]).expect_err(entry);
        assert!(error.to_string().contains(&format!("`{entry}`")), "{error}");
    }
}
