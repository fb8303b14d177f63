package io.vmha.testcluster.faults.lab;

import java.net.URI;

/**
 * How one reaches a test bed's cloud, and what one needs to boot a server there.
 *
 * @param keystone where tokens are given out; ends with {@code /v3}
 * @param nova the compute API; ends with {@code /v2.1}
 * @param password of the user {@code admin} in the project {@code admin}
 * @param flavor the id of the smallest flavor
 */
record CloudAccess(URI keystone, URI nova, String password, String flavor) {
    static final String USER = "admin";
    static final String PROJECT = "admin";
    /** The only image. */
    static final String IMAGE = "6f0b5c50-52d5-4c7e-9b34-2f6fbbf4dc0f";

    /** Where the service stands that a request's path belongs to; without a slash at the end. */
    String baseOf(String path) {
        return origin(path.startsWith("/v3") ? keystone : nova);
    }

    /** An answer with this instead of the addresses of both services. */
    String shownAs(String text, String publicBase) {
        return text.replace(origin(keystone), publicBase).replace(origin(nova), publicBase);
    }

    private static String origin(URI service) {
        return service.getScheme() + "://" + service.getRawAuthority();
    }
}
