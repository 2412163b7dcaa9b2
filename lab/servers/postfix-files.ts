/**
 * The lines of main.cf that say where a Postfix of ours has its programs, and its files below `directory`. `meta`: where
 * the lists of its own files are, which come with the package.
 */
export function whereabouts(directory: string, meta = `${directory}/config`): string {
  return `compatibility_level = 3.6
queue_directory = ${directory}/queue
data_directory = ${directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = ${meta}
mail_owner = postfix
setgid_group = postdrop
alias_maps =
alias_database =
inet_protocols = ipv4
`;
}

/** The lines of main.cf for a log file, in a machine without syslog. */
export function logFile(directory: string): string {
  return `maillog_file = ${directory}/log
maillog_file_prefixes = ${directory}
`;
}

/** The services of Debian's master.cf that a relay needs, none of them in a chroot; who takes mail comes beside. */
export const services = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
tlsmgr unix - - n 1000? 1 tlsmgr
tlsproxy unix - - n - 0 tlsproxy
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
