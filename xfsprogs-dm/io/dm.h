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
#define DM_TARGET_ARGS	"[-s sid [-t token]]"

/* These return 0, or -1 when it was said why and exitcode is set. */
int	dmio_fail(const char *what);
int	dmio_service(void);
int	dmio_parse_id(const char *what, const char *text, int *idp);
int	dmio_parse_num(const char *what, char *text, long long *nump);
int	dmio_parse_range(char **argv, long long *offp, long long *lenp);
int	dmio_target_getopt(int argc, char **argv, const char *opts,
			   struct dm_target *t, const cmdinfo_t *cmd);
int	dmio_target_open(struct dm_target *t);

int	dmio_cmd_usage(const cmdinfo_t *cmd);
void	dmio_print_bytes(const unsigned char *p, size_t len);
void	dmio_print_value(const unsigned char *p, size_t len, bool hex);
void	dmio_target_close(struct dm_target *t);

void	dmio_attr_init(void);
void	dmio_event_init(void);
void	dmio_extent_init(void);
void	dmio_region_init(void);
void	dmio_session_init(void);
