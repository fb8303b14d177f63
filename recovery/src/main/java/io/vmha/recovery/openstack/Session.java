package io.vmha.recovery.openstack;

import java.net.URI;
import java.util.Optional;

/**
 * A token and what it opens: one region's Nova and the microversions it speaks.
 *
 * @param nova Nova's base without a trailing slash, such as {@code https://nova:8774/v2.1}
 * @param glance Glance's base without its version; empty if the catalog has none that suits
 */
record Session(String token, URI nova, Microversion.Range versions, Optional<URI> glance) {
    @Override
    public String toString() {
        return "Session[token=(hidden), nova=" + nova + ", versions=" + versions + "]";
    }
}
