//! How much memory there is for password hashes.

use std::{fs, path::Path};

/// Where nothing can be found out: a small machine's.
const UNKNOWN_KIB: u64 = 512 * 1024;

/// The memory of the machine, or of the container (control group) that the process is in where that is less, in KiB.
pub(super) fn available_kib() -> u64 {
    let machine = read(Path::new("/proc/meminfo")).and_then(|text| total_kib(&text));
    let group = read(Path::new("/proc/self/cgroup"))
        .map(|text| group_limits(&text))
        .unwrap_or_default();
    machine.into_iter().chain(group).min().unwrap_or(UNKNOWN_KIB)
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn total_kib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The limits of the process' groups and of those above them. In a container its own group is usually the root of what is
/// mounted, whatever its path says.
fn group_limits(cgroup: &str) -> Vec<u64> {
    let mut limits = Vec::new();
    for line in cgroup.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        // Version 2 has one hierarchy without controllers' names (cgroups(7)).
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            names if names.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let path = Path::new(path.trim_start_matches('/'));
        for group in path.ancestors() {
            let limit = read(&Path::new(root).join(group).join(file));
            limits.extend(limit.and_then(|text| limit_kib(&text)));
        }
    }
    limits
}

/// None for `max`.
fn limit_kib(text: &str) -> Option<u64> {
    let octets: u64 = text.trim().parse().ok()?;
    Some(octets / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        let meminfo = "MemTotal:       16316412 kB\nMemFree:         1234 kB\n";
        assert_eq!(total_kib(meminfo), Some(16_316_412));
        assert_eq!(total_kib("MemFree: 1 kB\n"), None);
        assert_eq!(limit_kib("268435456\n"), Some(262_144));
        assert_eq!(limit_kib("max\n"), None);
        assert!(group_limits("no group").is_empty());
    }

    #[test]
    fn there_is_some() {
        assert!(available_kib() > 0);
    }
}
