/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the field table: how getters make their values. The table
 * itself is in field.c; getters of one family of events are in field_<family>.c and
 * are declared at the end of this header. */
#ifndef BW_EVENT_FIELD_INTERNAL_H
#define BW_EVENT_FIELD_INTERNAL_H

#include "event/field.h"

int give_bool(struct value *ret, bool truth);
int give_int(struct value *ret, int64_t num);
int give_uint(struct value *ret, uint64_t num); /* saturates at INT64_MAX */
int give_slice(struct value *ret, struct slice str);
int give_word(struct value *ret, const char *word);
int give_nonempty(struct value *ret, struct slice str); /* an empty string is missing */

/* A path of the kernel's own: missing when it is empty, for no object has an
 * empty path, and with its head missing when the record says so. */
int give_path(const struct event *ev, struct value *ret, struct slice path);

/* A string of the caller's: an empty one is a value, an unread one is not. */
int give_caller(const struct event *ev, struct value *ret, struct slice str);

int give_printf(struct value *ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
int give_device(struct value *ret, uint32_t dev); /* "major:minor" */
int give_flags(struct value *ret, uint64_t bits, uint32_t symbols);

/* A list: begin, add each in its place (an empty slice leaves a gap), end;
 * missing when no item is known. */
void list_begin(struct value *ret, enum value_type item_type);
void list_add(struct value *ret, struct slice item);
void list_add_num(struct value *ret, int64_t num, bool known);
int list_end(const struct value *ret);

/* Append to scratch what fits of `str`; `len` is what is there already. */
size_t scratch_append(struct value *ret, size_t len, struct slice str);

#define FACT_FIELD(function, fact)                                     \
	static int function(const struct event *ev, struct value *ret) \
	{                                                              \
		return give_bool(ret, ev->hdr.facts & (fact));         \
	}

/* The same for a getter that another file's table names. */
#define FACT_GETTER(function, fact)                             \
	int function(const struct event *ev, struct value *ret) \
	{                                                       \
		return give_bool(ret, ev->hdr.facts & (fact));  \
	}

#define FLAG_FIELD(function, flag)                                     \
	static int function(const struct event *ev, struct value *ret) \
	{                                                              \
		return give_bool(ret, ev->hdr.flags & (flag));         \
	}

#define HDR_FIELD(function, member)                                    \
	static int function(const struct event *ev, struct value *ret) \
	{                                                              \
		return give_uint(ret, ev->hdr.member);                 \
	}

/* field_inet.c */
int get_fd_sip(const struct event *ev, struct value *ret);
int get_fd_sport(const struct event *ev, struct value *ret);
int get_fd_l4proto(const struct event *ev, struct value *ret);
int get_inet_is_host(const struct event *ev, struct value *ret);
int get_inet_attempts(const struct event *ev, struct value *ret);
int get_inet_peers(const struct event *ev, struct value *ret);
int get_inet_addresses(const struct event *ev, struct value *ret);
int get_inet_failed(const struct event *ev, struct value *ret);

/* field_access.c */
int get_target_is_foreign(const struct event *ev, struct value *ret);
int get_target_pid(const struct event *ev, struct value *ret);
int get_target_uid(const struct event *ev, struct value *ret);
int get_target_name(const struct event *ev, struct value *ret);
int get_target_shares_pid_ns(const struct event *ev, struct value *ret);
int get_ptrace_request(const struct event *ev, struct value *ret);
int get_signal_number(const struct event *ev, struct value *ret);
int get_signal_name(const struct event *ev, struct value *ret);

/* field_mount.c */
int get_mount_dev(const struct event *ev, struct value *ret);
int get_mount_flags(const struct event *ev, struct value *ret);
int get_mount_fstype(const struct event *ev, struct value *ret);
int get_mount_is_block_device(const struct event *ev, struct value *ret);
int get_mount_is_kernel_fs(const struct event *ev, struct value *ret);
int get_mount_made_writable(const struct event *ev, struct value *ret);
int get_mount_op(const struct event *ev, struct value *ret);
int get_mount_point(const struct event *ev, struct value *ret);
int get_mount_reaches_host(const struct event *ev, struct value *ret);
int get_mount_read_only(const struct event *ev, struct value *ret);
int get_mount_source(const struct event *ev, struct value *ret);
int get_mount_target(const struct event *ev, struct value *ret);

/* field_change.c */
extern const char *const words_change_object[];
int get_change_device(const struct event *ev, struct value *ret);
int get_change_link_game(const struct event *ev, struct value *ret);
int get_change_makes_block(const struct event *ev, struct value *ret);
int get_change_makes_char(const struct event *ev, struct value *ret);
int get_change_mode(const struct event *ev, struct value *ret);
int get_change_nosuid(const struct event *ev, struct value *ret);
int get_change_object(const struct event *ev, struct value *ret);
int get_change_setid(const struct event *ev, struct value *ret);
int get_change_volume(const struct event *ev, struct value *ret);
int get_evt_arg_path2(const struct event *ev, struct value *ret);

/* field_posture.c */
extern const char *const words_posture_severity[];
int get_container_privileged(const struct event *ev, struct value *ret);
int get_posture_checks(const struct event *ev, struct value *ret);
int get_posture_details(const struct event *ev, struct value *ret);
int get_posture_partial(const struct event *ev, struct value *ret);
int get_posture_reason(const struct event *ev, struct value *ret);
int get_posture_severity(const struct event *ev, struct value *ret);

/* field_surface.c */
int get_bpf_cmd(const struct event *ev, struct value *ret);
int get_bpf_prog_type(const struct event *ev, struct value *ret);
int get_socket_family(const struct event *ev, struct value *ret);
int get_socket_protocol(const struct event *ev, struct value *ret);
int get_crypto_type(const struct event *ev, struct value *ret);
int get_crypto_name(const struct event *ev, struct value *ret);
int get_perf_pid(const struct event *ev, struct value *ret);
int get_perf_cpu(const struct event *ev, struct value *ret);
int get_splice_into(const struct event *ev, struct value *ret);
int get_splice_not_writable(const struct event *ev, struct value *ret);
int get_splice_is_setid(const struct event *ev, struct value *ret);
int get_fanotify_scope(const struct event *ev, struct value *ret);
int get_keys_op(const struct event *ev, struct value *ret);
int get_proc_in_host_pid_ns(const struct event *ev, struct value *ret);
int get_cap_name(const struct event *ev, struct value *ret);

/* field_list.c */
extern const char *const words_namespace[];
extern const char *const words_drift[];
int get_proc_aname(const struct event *ev, struct value *ret);
int get_proc_aexepath(const struct event *ev, struct value *ret);
int get_proc_aexe(const struct event *ev, struct value *ret);
int get_proc_apid(const struct event *ev, struct value *ret);
int get_syscall_arg(const struct event *ev, struct value *ret);
int give_namespaces(struct value *ret, uint64_t flags); /* CLONE_NEW* as a list: mnt, pid */

/* field_falco.c */
extern const char *const words_fd_type[];
int get_fd_directory(const struct event *ev, struct value *ret);
int get_fd_filename(const struct event *ev, struct value *ret);
int get_fd_type(const struct event *ev, struct value *ret);
int get_proc_pexe(const struct event *ev, struct value *ret);
int get_proc_pcmdline(const struct event *ev, struct value *ret);
int get_proc_args_size(const struct event *ev, struct value *ret);
int get_proc_duration(const struct event *ev, struct value *ret);
int get_proc_ppid_duration(const struct event *ev, struct value *ret);
int get_thread_vtid(const struct event *ev, struct value *ret);
int get_thread_ismain(const struct event *ev, struct value *ret);
int get_container_image_repository(const struct event *ev, struct value *ret);
int get_container_image_tag(const struct event *ev, struct value *ret);
int get_container_image_digest(const struct event *ev, struct value *ret);
int get_container_image_id(const struct event *ev, struct value *ret);
int get_k8s_ns_name(const struct event *ev, struct value *ret);
int get_k8s_pod_name(const struct event *ev, struct value *ret);
int get_k8s_pod_sandbox_id(const struct event *ev, struct value *ret);
int get_k8s_pod_uid(const struct event *ev, struct value *ret);

/* field_identity.c */
extern const char *const words_identity_kind[];
extern const char *const words_identity_source[];
int get_identity_kind(const struct event *ev, struct value *ret);
int get_identity_source(const struct event *ev, struct value *ret);
int get_identity_claimed(const struct event *ev, struct value *ret);
int get_identity_actual(const struct event *ev, struct value *ret);
int get_container_inner_id(const struct event *ev, struct value *ret);
int get_container_inner_runtime(const struct event *ev, struct value *ret);
int get_container_inner_depth(const struct event *ev, struct value *ret);

/* field_flags.c */
#define SYMBOLS_OF_MOUNTS                                                          \
	(SYMBOLS_MOUNT | SYMBOLS_UMOUNT | SYMBOLS_OPEN_TREE | SYMBOLS_MOVE_MOUNT | \
	 SYMBOLS_FSOPEN | SYMBOLS_FSMOUNT | SYMBOLS_FSPICK | SYMBOLS_AT)
#define SYMBOLS_OF_CALLS \
	(SYMBOLS_OF_MOUNTS | SYMBOLS_OPEN | SYMBOLS_CLONE | SYMBOLS_RENAME | SYMBOLS_XATTR)
int get_evt_arg_flags(const struct event *ev, struct value *ret);
int get_ns_flags(const struct event *ev, struct value *ret);
int get_thread_cap_effective(const struct event *ev, struct value *ret);

/* field_cred.c */
extern const char *const words_drift_at[];
int get_cred_at(const struct event *ev, struct value *ret);
int get_cred_changed(const struct event *ev, struct value *ret);
int get_cred_namespaces(const struct event *ev, struct value *ret);
int get_cred_namespaces_host(const struct event *ev, struct value *ret);
int get_cred_old_uid(const struct event *ev, struct value *ret);
int get_cred_new_uid(const struct event *ev, struct value *ret);
int get_cred_old_gid(const struct event *ev, struct value *ret);
int get_cred_new_gid(const struct event *ev, struct value *ret);
int get_cred_old_permitted(const struct event *ev, struct value *ret);
int get_cred_new_permitted(const struct event *ev, struct value *ret);
int get_cred_old_bounding(const struct event *ev, struct value *ret);
int get_cred_new_bounding(const struct event *ev, struct value *ret);
int get_cred_unexplained(const struct event *ev, struct value *ret);
int get_proc_code_foreign(const struct event *ev, struct value *ret);
int get_proc_is_exe_deleted(const struct event *ev, struct value *ret);
int get_proc_is_exe_from_memfd(const struct event *ev, struct value *ret);
int get_proc_is_exe_upper_layer(const struct event *ev, struct value *ret);
int get_proc_on_connection(const struct event *ev, struct value *ret);
extern const char *const words_use_op[];
int get_use_op(const struct event *ev, struct value *ret);
int get_use_fd(const struct event *ev, struct value *ret);

#endif
