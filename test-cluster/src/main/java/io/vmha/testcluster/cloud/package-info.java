/**
 * A simulated cloud: Keystone v3 and Nova (as Zed answers, microversions 2.1 to 2.93) over real HTTP, with hosts that can lose power and
 * guests whose every run is recorded. Its answers are checked against exchanges recorded with the real services.
 */
package io.vmha.testcluster.cloud;
