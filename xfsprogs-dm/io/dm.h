/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the dm_* commands share
 */
#include <dmapi.h>
#include <dmapi_ext.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#endif

/* What a command works on */
struct dm_target {
	dm_sessid_t	sid;
	bool		own_session;	/* and to be destroyed */
	dm_token_t	token;
	void		*hanp;
	size_t		hlen;
};

#define DM_TARGET_INIT	{ .token = DM_NO_TOKEN }
#define DM_TARGET_ARGS	"[-H handle] [-s sid [-t token]]"
#define DM_TARGET_OPTS	"H:s:t:"
#define DM_TARGET_HELP \
" -H handle -- of the object with this handle, not of the open file\n" \
" -s sid    -- in this session, not in one made for the command\n" \
" -t token  -- with this token of that session\n"

/* What is printed of one thing: words key=value, or an object of JSON */
struct dm_out {
	bool		json;
	const char	*sep;
};

/* These return 0, or -1 when it was said why and exitcode is set. */
int	dmio_fail(const char *what);
int	dmio_service(void);
int	dmio_parse_id(const char *what, const char *text, int *idp);
int	dmio_parse_num(const char *what, char *text, long long *nump);
int	dmio_parse_range(char **argv, long long *offp, long long *lenp);
int	dmio_target_getopt(int argc, char **argv, const char *opts,
			   struct dm_target *t, const cmdinfo_t *cmd);
int	dmio_target_open(struct dm_target *t);
int	dmio_target_open_fs(struct dm_target *t);

int	dmio_parse_handle(const char *text, void **hanpp, size_t *hlenp);
int	dmio_parse_attrname(const char *text, dm_attrname_t *name);
int	dmio_parse_events(char *text, dm_eventset_t *setp);
int	dmio_parse_regions(const char *text, unsigned int *flagsp);
const char *dmio_event_name(int ev);

void	dmio_out_begin(struct dm_out *o);
void	dmio_out_num(struct dm_out *o, const char *key, long long num);
void	dmio_out_word(struct dm_out *o, const char *key, const char *word);
void	dmio_out_bytes(struct dm_out *o, const char *key, const void *p,
		       size_t len);
void	dmio_out_text(struct dm_out *o, const char *key, const void *p,
		      size_t len);
void	dmio_out_attrname(struct dm_out *o, const char *key,
			  const dm_attrname_t *name);
void	dmio_out_events(struct dm_out *o, const char *key, dm_eventset_t set);
void	dmio_out_regions(struct dm_out *o, const char *key,
			 unsigned int flags);
void	dmio_out_mount(struct dm_out *o, dm_mount_event_t *me);
void	dmio_out_msg(struct dm_out *o, dm_eventmsg_t *msg);
void	dmio_out_end(struct dm_out *o);

/* Flags of commands that need no file, and of those that look at one */
#define DM_NOFILE	(CMD_NOFILE_OK | CMD_NOMAP_OK | CMD_FOREIGN_OK | \
			 CMD_FLAG_ONESHOT)
#define DM_FILE		(CMD_NOMAP_OK | CMD_FOREIGN_OK)

void	dmio_add(cmdinfo_t *cmd, const char *name, cfunc_t func, int flags,
		 const char *args, const char *oneline, helpfunc_t help);
int	dmio_cmd_usage(const cmdinfo_t *cmd);
void	dmio_print_bytes(const unsigned char *p, size_t len);
void	dmio_print_value(const unsigned char *p, size_t len, bool hex);
void	dmio_target_close(struct dm_target *t);

void	dmio_attr_init(void);
void	dmio_config_init(void);
void	dmio_data_init(void);
void	dmio_event_init(void);
void	dmio_extent_init(void);
void	dmio_inherit_init(void);
void	dmio_message_init(void);
void	dmio_name_init(void);
void	dmio_region_init(void);
void	dmio_right_init(void);
void	dmio_scan_init(void);
void	dmio_session_init(void);
