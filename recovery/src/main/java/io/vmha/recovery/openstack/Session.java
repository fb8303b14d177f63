package io.vmha.recovery.openstack;

import java.net.URI;

/**
 * A token and what it opens: one region's Nova and the microversions it speaks.
 *
 * @param nova Nova's base without a trailing slash, such as {@code https://nova:8774/v2.1}
 */
record Session(String token, URI nova, Microversion.Range versions) {
    @Override
    public String toString() {
        return "Session[token=(hidden), nova=" + nova + ", versions=" + versions + "]";
    }
}
