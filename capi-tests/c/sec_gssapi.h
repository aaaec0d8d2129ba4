/*
 * What the programs about the GSSAPI mechanism share: sockets with it, and how they begin and end.
 *
 * What may not live here: the realm, which is made by sec_kdc.h.
 */
#ifndef CAPI_SEC_GSSAPI_H
#define CAPI_SEC_GSSAPI_H

#include "sec_common.h"
#include "sec_kdc.h"

HELPER void be_server (void *socket, const char *principal)
{
    set_int (socket, ZMQ_GSSAPI_SERVER, 1);
    if (principal)
        set_str (socket, ZMQ_GSSAPI_PRINCIPAL, principal);
}

HELPER void be_client (void *socket, const char *service, const char *principal)
{
    set_str (socket, ZMQ_GSSAPI_SERVICE_PRINCIPAL, service);
    if (principal) {
        set_str (socket, ZMQ_GSSAPI_PRINCIPAL, principal);
        set_int (socket, ZMQ_GSSAPI_PRINCIPAL_NAMETYPE, ZMQ_GSSAPI_NT_USER_NAME);
    }
}

/* For what must not arrive; the connection may be refused, and the pipe gone, before. */
HELPER void try_send (void *socket)
{
    zmq_send (socket, "let me in", 9, ZMQ_DONTWAIT);
}

/* A server and a client that is alice, not connected yet. */
HELPER sec_t gss_begin (const char *domain, int handler_type, int plaintext)
{
    sec_t sec = sec_begin (SEC_NULL, domain, handler_type);
    be_server (sec.server, KDC_SERVICE);
    be_client (sec.client, KDC_SERVICE, "alice");
    set_int (sec.server, ZMQ_GSSAPI_PLAINTEXT, plaintext);
    set_int (sec.client, ZMQ_GSSAPI_PLAINTEXT, plaintext);
    return sec;
}

/* After the roles: the realm, or an end where there can be none. */
HELPER void gss_main_begin (void)
{
    if (!zmq_has ("gssapi"))
        skip_all (on_reference () ? "the reference was built without GSSAPI"
                                  : "there is no libgssapi_krb5.so.2 (package libgssapi-krb5-2)");
    kdc_begin ();
    sec_make_keys ();
}

HELPER int gss_main_end (void)
{
    kdc_end ();
    return harness_end ();
}

#endif
