/* Randomness without state: every draw is a hash of the seed and of what it is for, so that one asset's figures do
 * not depend on how many other assets there are or on the order of the calls. */
#ifndef CAMPUS_RANDOM_H
#define CAMPUS_RANDOM_H

#include <stdint.h>

/* The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
static inline uint64_t random_mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

static inline uint64_t random_hash(uint64_t seed, uint64_t subject, uint64_t purpose)
{
    return random_mix(random_mix(random_mix(seed) ^ subject) ^ (purpose << 32));
}

/* Uniform in [0, 1). */
static inline double random_unit(uint64_t seed, uint64_t subject, uint64_t purpose)
{
    return (double)(random_hash(seed, subject, purpose) >> 11) * 0x1.0p-53;
}

static inline unsigned random_below(uint64_t seed, uint64_t subject, uint64_t purpose, unsigned limit)
{
    return (unsigned)(random_hash(seed, subject, purpose) % limit);
}

#endif
