/*
 * terrarium: the functions of Math as V8 11.3 computes them, to the last bit. V8 has them from fdlibm, not from the C
 * library, whose newer algorithms round one result in twenty otherwise. Those that musl has from fdlibm too (tan, asin,
 * acos, atan, expm1, cbrt) are musl's.
 *
 * ====================================================
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 *
 * Developed at SunSoft, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice
 * is preserved.
 * ====================================================
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "ieee754.h"

static const double
    LN2 = 6.93147180559945286227e-01,
    LN2_HI = 6.93147180369123816490e-01, LN2_LO = 1.90821492927058770002e-10,
    TWO54 = 1.80143985094819840000e+16;

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static int32_t high(double x)
{
    return (int32_t)(bits_of(x) >> 32);
}

static uint32_t low(double x)
{
    return (uint32_t)bits_of(x);
}

static double of_words(int32_t high_word, uint32_t low_word)
{
    return of_bits((uint64_t)(uint32_t)high_word << 32 | low_word);
}

static double with_high(double x, int32_t high_word)
{
    return of_words(high_word, low(x));
}

static double without_low(double x)
{
    return of_words(high(x), 0);
}

/* ---- exp ---- */

double v8_exp(double x)
{
    static const double
        INVLN2 = 1.44269504088896338700e+00,
        P1 = 1.66666666666666019037e-01, P2 = -2.77777777770155933842e-03,
        P3 = 6.61375632143793436117e-05, P4 = -1.65339022054652515390e-06,
        P5 = 4.13813679705723846039e-08;
    double hi = 0, lo = 0, c, t, y;
    int32_t hx = high(x) & 0x7fffffff, is_negative = high(x) < 0, k = 0;

    if (isnan(x) || x == INFINITY)
        return x;
    if (x > 7.09782712893383973096e+02)
        return INFINITY;
    if (x < -7.45133219101941108420e+02)
        return 0;
    if (hx > 0x3fd62e42) { /* |x| > 0.5 ln2 */
        if (hx < 0x3ff0a2b2) { /* |x| < 1.5 ln2 */
            if (x == 1)
                return 2.718281828459045;
            k = is_negative ? -1 : 1;
        } else {
            k = (int32_t)(INVLN2 * x + (is_negative ? -0.5 : 0.5));
        }
        hi = x - k * LN2_HI;
        lo = k * LN2_LO;
        x = hi - lo;
    } else if (hx < 0x3e300000) { /* |x| < 2**-28 */
        return 1 + x;
    }
    t = x * x;
    c = x - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
    if (k == 0)
        return 1 - ((x * c) / (c - 2) - x);
    y = 1 - ((lo - (x * c) / (2 - c)) - hi);
    if (k == 1024)
        return y * 2 * 0x1p1023;
    if (k >= -1021)
        return y * of_words(0x3ff00000 + k * 0x100000, 0);
    return y * of_words(0x3ff00000 + (k + 1000) * 0x100000, 0) * 0x1p-1000;
}

/* ---- logarithms ---- */

static const double
    LG1 = 6.666666666666735130e-01, LG2 = 3.999999999940941908e-01,
    LG3 = 2.857142874366239149e-01, LG4 = 2.222219843214978396e-01,
    LG5 = 1.818357216161805012e-01, LG6 = 1.531383769920937332e-01,
    LG7 = 1.479819860511658591e-01;

/* Whether the logarithm of x is a special value, which is then in `result`. Otherwise x is scaled to be normal, and k says
   by how much. */
static int is_special(double *x, int32_t *k, double *result)
{
    *k = 0;
    if (*x == 0)
        *result = -INFINITY;
    else if (*x < 0)
        *result = NAN;
    else if (isnan(*x) || *x == INFINITY)
        *result = *x;
    else if (*x == 1)
        *result = 0;
    else {
        if (high(*x) < 0x00100000) {
            *k = -54;
            *x *= TWO54;
        }
        return 0;
    }
    return 1;
}

/* What log and log2 have in common, of 1 + f. */
static double log_tail(double f)
{
    double s = f / (2 + f), z = s * s, w = z * z;
    double t1 = w * (LG2 + w * (LG4 + w * LG6));
    double t2 = z * (LG1 + w * (LG3 + w * (LG5 + w * LG7)));
    return t2 + t1;
}

double v8_log(double x)
{
    double result, f, s, r, hfsq, dk;
    int32_t k, hx, i;

    if (is_special(&x, &k, &result))
        return result;
    hx = high(x);
    k += (hx >> 20) - 1023;
    hx &= 0x000fffff;
    i = (hx + 0x95f64) & 0x100000;
    x = with_high(x, hx | (i ^ 0x3ff00000));
    k += i >> 20;
    f = x - 1;
    dk = k;
    if ((0x000fffff & (2 + hx)) < 3) { /* |f| < 2**-20 */
        if (f == 0)
            return dk * LN2_HI + dk * LN2_LO;
        r = f * f * (0.5 - 0.33333333333333333 * f);
        return k == 0 ? f - r : dk * LN2_HI - ((r - dk * LN2_LO) - f);
    }
    s = f / (2 + f);
    r = log_tail(f);
    if (((hx - 0x6147a) | (0x6b851 - hx)) > 0) {
        hfsq = 0.5 * f * f;
        if (k == 0)
            return f - (hfsq - s * (hfsq + r));
        return dk * LN2_HI - ((hfsq - (s * (hfsq + r) + dk * LN2_LO)) - f);
    }
    if (k == 0)
        return f - s * (f - r);
    return dk * LN2_HI - ((s * (f - r) - dk * LN2_LO) - f);
}

double v8_log2(double x)
{
    static const double
        IVLN2_HI = 1.44269504072144627571e+00, IVLN2_LO = 1.67517131648865118353e-10;
    double result, f, hfsq, hi, lo, val_hi, val_lo, w, y;
    int32_t k, hx, i;

    if (is_special(&x, &k, &result))
        return result;
    hx = high(x);
    k += (hx >> 20) - 1023;
    hx &= 0x000fffff;
    i = (hx + 0x95f64) & 0x100000;
    x = with_high(x, hx | (i ^ 0x3ff00000));
    k += i >> 20;
    y = k;
    f = x - 1;
    hfsq = 0.5 * f * f;
    hi = without_low(f - hfsq);
    lo = (f - hi) - hfsq + (f / (2 + f)) * (hfsq + log_tail(f));
    val_hi = hi * IVLN2_HI;
    val_lo = (lo + hi) * IVLN2_LO + lo * IVLN2_HI;
    w = y + val_hi;
    val_lo += (y - w) + val_hi;
    return val_lo + w;
}

double v8_log10(double x)
{
    static const double
        IVLN10 = 4.34294481903251816668e-01,
        LOG10_2HI = 3.01029995663611771306e-01, LOG10_2LO = 3.69423907715893078616e-13;
    double result, y;
    int32_t k, hx, i;

    if (is_special(&x, &k, &result))
        return result;
    hx = high(x);
    k += (hx >> 20) - 1023;
    i = k < 0;
    y = k + i;
    x = with_high(x, (hx & 0x000fffff) | (0x3ff - i) << 20);
    return (y * LOG10_2LO + IVLN10 * v8_log(x)) + y * LOG10_2HI;
}

double v8_log1p(double x)
{
    double f = x, c = 0, u, hfsq, s, z, r;
    int32_t hx = high(x), ax = hx & 0x7fffffff, hu = 1, k = 1;

    if (isnan(x) || x == INFINITY)
        return x;
    if (x <= -1)
        return x == -1 ? -INFINITY : NAN;
    if (ax < 0x3e200000) /* |x| < 2**-29 */
        return ax < 0x3c900000 ? x : x - x * x * 0.5;
    if (hx < 0x3fda827a && (hx > 0 || hx <= (int32_t)0xbfd2bec4)) /* sqrt(2)/2 <= 1+x < sqrt(2) */
        k = 0;
    if (k != 0) {
        u = hx < 0x43400000 ? 1 + x : x;
        hu = high(u);
        k = (hu >> 20) - 1023;
        if (hx < 0x43400000)
            c = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
        hu &= 0x000fffff;
        if (hu < 0x6a09e) {
            u = with_high(u, hu | 0x3ff00000);
        } else {
            k += 1;
            u = with_high(u, hu | 0x3fe00000);
            hu = (0x00100000 - hu) >> 2;
        }
        f = u - 1;
    }
    hfsq = 0.5 * f * f;
    if (hu == 0) { /* |f| < 2**-20 */
        if (f == 0)
            return k == 0 ? 0 : k * LN2_HI + (c + k * LN2_LO);
        r = hfsq * (1 - 0.66666666666666666 * f);
        return k == 0 ? f - r : k * LN2_HI - ((r - (k * LN2_LO + c)) - f);
    }
    s = f / (2 + f);
    z = s * s;
    r = z * (LG1 + z * (LG2 + z * (LG3 + z * (LG4 + z * (LG5 + z * (LG6 + z * LG7))))));
    if (k == 0)
        return f - (hfsq - s * (hfsq + r));
    return k * LN2_HI - ((hfsq - (s * (hfsq + r) + (k * LN2_LO + c))) - f);
}

/* ---- hyperbolic functions ---- */

static const double EXP_MAX = 709.7822265625, HYPERBOLIC_MAX = 710.4758600739439;

double v8_cosh(double x)
{
    double ax = fabs(x), t, w;

    if (!(ax <= HYPERBOLIC_MAX))
        return ax * INFINITY;
    if (high(ax) < 0x3fd62e43) { /* |x| < 0.5 ln2 */
        t = expm1(ax);
        w = 1 + t;
        return high(ax) < 0x3c800000 ? w : 1 + (t * t) / (w + w);
    }
    if (ax < 22) {
        t = v8_exp(ax);
        return 0.5 * t + 0.5 / t;
    }
    if (high(ax) < 0x40862e42)
        return 0.5 * v8_exp(ax);
    w = v8_exp(0.5 * ax);
    return (0.5 * w) * w;
}

double v8_sinh(double x)
{
    double ax = fabs(x), h = x < 0 ? -0.5 : 0.5, t, w;

    if (ax < 22) {
        if (ax < 0x1p-28)
            return x;
        t = expm1(ax);
        return ax < 1 ? h * (2 * t - t * t / (t + 1)) : h * (t + t / (t + 1));
    }
    if (ax < EXP_MAX)
        return h * v8_exp(ax);
    if (ax <= HYPERBOLIC_MAX) {
        w = v8_exp(0.5 * ax);
        return (h * w) * w;
    }
    return x * 1.0e307;
}

double v8_tanh(double x)
{
    double ax = fabs(x), t, z;

    if (isnan(x) || ax < 0x1p-28)
        return x;
    if (ax >= 22) {
        z = 1;
    } else if (ax >= 1) {
        t = expm1(2 * ax);
        z = 1 - 2 / (t + 2);
    } else {
        t = expm1(-2 * ax);
        z = -t / (t + 2);
    }
    return copysign(z, x);
}

double v8_acosh(double x)
{
    double t;

    if (!(x >= 1))
        return NAN;
    if (x == INFINITY)
        return x;
    if (high(x) >= 0x41b00000) /* x >= 2**28 */
        return v8_log(x) + LN2;
    if (high(x) > 0x40000000)
        return v8_log(2 * x - 1 / (x + sqrt(x * x - 1)));
    t = x - 1;
    return v8_log1p(t + sqrt(2 * t + t * t));
}

double v8_asinh(double x)
{
    double ax = fabs(x), t, w;

    if (!isfinite(x) || high(ax) < 0x3e300000) /* |x| < 2**-28 */
        return x;
    if (high(ax) > 0x41b00000) { /* |x| > 2**28 */
        w = v8_log(ax) + LN2;
    } else if (high(ax) > 0x40000000) {
        w = v8_log(2 * ax + 1 / (sqrt(x * x + 1) + ax));
    } else {
        t = x * x;
        w = v8_log1p(ax + t / (1 + sqrt(1 + t)));
    }
    return copysign(w, x);
}

double v8_atanh(double x)
{
    double ax = fabs(x), t;

    if (isnan(x) || ax > 1)
        return NAN;
    if (ax == 1)
        return copysign(INFINITY, x);
    if (high(ax) < 0x3e300000) /* |x| < 2**-28 */
        return x;
    if (high(ax) < 0x3fe00000) { /* |x| < 0.5 */
        t = ax + ax;
        t = 0.5 * v8_log1p(t + t * ax / (1 - ax));
    } else {
        t = 0.5 * v8_log1p((ax + ax) / (1 - ax));
    }
    return copysign(t, x);
}

/* ---- atan2 ---- */

double v8_atan2(double y, double x)
{
    static const double PI = 3.1415926535897931160e+00, PI_LO = 1.2246467991473531772e-16;
    int exponents = ((high(y) & 0x7fffffff) >> 20) - ((high(x) & 0x7fffffff) >> 20);
    double z;

    /* musl finds the quarter turn only beyond 2**64. */
    if (y == 0 || x == 0 || !isfinite(x) || !isfinite(y) || exponents <= 60)
        return atan2(y, x);
    z = PI / 2 + 0.5 * PI_LO;
    return y < 0 ? -z : z;
}

/* ---- pow ---- */

/* 0: y is no integer, 1: an odd one, 2: an even one. */
static int parity(double y)
{
    if (fabs(y) >= 0x1p53)
        return 2;
    if (y != trunc(y))
        return 0;
    return fmod(y, 2) == 0 ? 2 : 1;
}

double v8_pow(double x, double y)
{
    static const double
        BP[] = { 1.0, 1.5 },
        DP_H[] = { 0.0, 5.84962487220764160156e-01 }, DP_L[] = { 0.0, 1.35003920212974897128e-08 },
        L1 = 5.99999999999994648725e-01, L2 = 4.28571428578550184252e-01,
        L3 = 3.33333329818377432918e-01, L4 = 2.72728123808534006489e-01,
        L5 = 2.30660745775561754067e-01, L6 = 2.06975017800338417784e-01,
        P1 = 1.66666666666666019037e-01, P2 = -2.77777777770155933842e-03,
        P3 = 6.61375632143793436117e-05, P4 = -1.65339022054652515390e-06,
        P5 = 4.13813679705723846039e-08,
        LN2_H = 6.93147182464599609375e-01, LN2_L = -1.90465429995776804525e-09,
        OVT = 8.0085662595372944372e-17, /* -(1024 - log2(overflow + 0.5 ulp)) */
        CP = 9.61796693925975554329e-01, /* 2 / (3 ln2) */
        CP_H = 9.61796700954437255859e-01, CP_L = -7.02846165095275826516e-09,
        IVLN2 = 1.44269504088896338700e+00,
        IVLN2_H = 1.44269502162933349609e+00, IVLN2_L = 1.92596299112661746887e-08;
    double ax = fabs(x), sign = 1, z, r, t, u, v, w, t1, t2, y1, p_h, p_l;
    int32_t ix = high(ax), iy = high(y) & 0x7fffffff, i, j, k, n;
    int integer = x < 0 ? parity(y) : 0;

    if (y == 0)
        return 1;
    if (isnan(x) || isnan(y))
        return NAN;
    if (isinf(y)) {
        if (ax == 1)
            return NAN;
        return (ax > 1) == (y > 0) ? INFINITY : 0;
    }
    if (y == 1)
        return x;
    if (y == -1)
        return 1 / x;
    if (y == 2)
        return x * x;
    if (y == 0.5 && !signbit(x))
        return sqrt(x);
    if (ax == 0 || ax == 1 || isinf(x)) {
        z = y < 0 ? 1 / ax : ax;
        if (!signbit(x))
            return z;
        integer = parity(y);
        if (ax == 1 && integer == 0)
            return NAN;
        return integer == 1 ? -z : z;
    }
    if (x < 0) {
        if (integer == 0)
            return NAN;
        if (integer == 1)
            sign = -1;
    }

    if (iy > 0x41e00000) { /* |y| > 2**31 */
        if (iy > 0x43f00000) { /* |y| > 2**64 */
            if (ix <= 0x3fefffff)
                return y < 0 ? INFINITY : 0;
            return y > 0 ? INFINITY : 0;
        }
        if (ix < 0x3fefffff)
            return y < 0 ? sign * INFINITY : sign * 0.0;
        if (ix > 0x3ff00000)
            return y > 0 ? sign * INFINITY : sign * 0.0;
        /* |1 - x| <= 2**-20: x - x**2/2 + x**3/3 - x**4/4 is enough */
        t = ax - 1;
        w = (t * t) * (0.5 - t * (0.3333333333333333333333 - t * 0.25));
        u = IVLN2_H * t;
        v = t * IVLN2_L - w * IVLN2;
        t1 = without_low(u + v);
        t2 = v - (t1 - u);
    } else {
        double ss, s2, s_h, s_l, t_h, t_l, z_h, z_l;

        n = 0;
        if (ix < 0x00100000) {
            ax *= 0x1p53;
            n -= 53;
            ix = high(ax);
        }
        n += (ix >> 20) - 0x3ff;
        j = ix & 0x000fffff;
        ix = j | 0x3ff00000;
        if (j <= 0x3988e) { /* |x| < sqrt(3/2) */
            k = 0;
        } else if (j < 0xbb67a) { /* |x| < sqrt(3) */
            k = 1;
        } else {
            k = 0;
            n += 1;
            ix -= 0x00100000;
        }
        ax = with_high(ax, ix);

        /* ss = s_h + s_l = (x - 1) / (x + 1), or (x - 1.5) / (x + 1.5) */
        u = ax - BP[k];
        v = 1 / (ax + BP[k]);
        ss = u * v;
        s_h = without_low(ss);
        t_h = of_words(((ix >> 1) | 0x20000000) + 0x00080000 + (k << 18), 0);
        t_l = ax - (t_h - BP[k]);
        s_l = v * ((u - s_h * t_h) - s_h * t_l);
        /* the logarithm of ax */
        s2 = ss * ss;
        r = s2 * s2 * (L1 + s2 * (L2 + s2 * (L3 + s2 * (L4 + s2 * (L5 + s2 * L6)))));
        r += s_l * (s_h + ss);
        s2 = s_h * s_h;
        t_h = without_low(3.0 + s2 + r);
        t_l = r - ((t_h - 3.0) - s2);
        u = s_h * t_h;
        v = s_l * t_h + t_l * ss;
        p_h = without_low(u + v);
        p_l = v - (p_h - u);
        z_h = CP_H * p_h;
        z_l = CP_L * p_h + p_l * CP + DP_L[k];
        t = n;
        t1 = without_low(((z_h + z_l) + DP_H[k]) + t);
        t2 = z_l - (((t1 - t) - DP_H[k]) - z_h);
    }

    /* (y1 + y2) * (t1 + t2) */
    y1 = without_low(y);
    p_l = (y - y1) * t1 + y * t2;
    p_h = y1 * t1;
    z = p_l + p_h;
    j = high(z);
    i = (int32_t)low(z);
    if (j >= 0x40900000) { /* z >= 1024 */
        if (((j - 0x40900000) | i) != 0 || p_l + OVT > z - p_h)
            return sign * INFINITY;
    } else if ((j & 0x7fffffff) >= 0x4090cc00) { /* z <= -1075 */
        if (((j - (int32_t)0xc090cc00) | i) != 0 || p_l <= z - p_h)
            return sign * 0.0;
    }

    /* 2**(p_h + p_l) */
    i = j & 0x7fffffff;
    k = (i >> 20) - 0x3ff;
    n = 0;
    if (i > 0x3fe00000) { /* |z| > 0.5: n = [z + 0.5] */
        n = j + (0x00100000 >> (k + 1));
        k = ((n & 0x7fffffff) >> 20) - 0x3ff;
        t = of_words(n & ~(0x000fffff >> k), 0);
        n = ((n & 0x000fffff) | 0x00100000) >> (20 - k);
        if (j < 0)
            n = -n;
        p_h -= t;
    }
    t = without_low(p_l + p_h);
    u = t * LN2_H;
    v = (p_l - (t - p_h)) * LN2 + t * LN2_L;
    z = u + v;
    w = v - (z - u);
    t = z * z;
    t1 = z - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
    /* Not as in fdlibm, where the last difference is taken of the quotient. */
    r = (z * t1) / ((t1 - 2.0) - (w + z * w));
    z = 1.0 - (r - z);
    j = high(z) + n * 0x100000;
    z = (j >> 20) <= 0 ? scalbn(z, n) : with_high(z, j);
    return sign * z;
}

/* ---- sin and cos ---- */

/* On [-pi/4, pi/4]; y is the tail of x. */
static double kernel_sin(double x, double y)
{
    static const double
        S1 = -1.66666666666666324348e-01, S2 = 8.33333333332248946124e-03,
        S3 = -1.98412698298579493134e-04, S4 = 2.75573137070700676789e-06,
        S5 = -2.50507602534068634195e-08, S6 = 1.58969099521155010221e-10;
    double z = x * x, v = z * x;
    double r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)));

    if (fabs(x) < 0x1p-27)
        return x;
    return y == 0 ? x + v * (S1 + z * r) : x - ((z * (0.5 * y - v * r) - y) - v * S1);
}

static double kernel_cos(double x, double y)
{
    static const double
        C1 = 4.16666666666666019037e-02, C2 = -1.38888888888741095749e-03,
        C3 = 2.48015872894767294178e-05, C4 = -2.75573143513906633035e-07,
        C5 = 2.08757232129817482790e-09, C6 = -1.13596475577881948265e-11;
    int32_t ix = high(x) & 0x7fffffff;
    double z = x * x, r, qx;

    if (ix < 0x3e400000) /* |x| < 2**-27 */
        return 1;
    r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))));
    if (ix < 0x3fd33333) /* |x| < 0.3 */
        return 1 - (0.5 * z - (z * r - x * y));
    qx = ix > 0x3fe90000 ? 0.28125 : of_words(ix - 0x00200000, 0);
    return (1 - qx) - ((0.5 * z - qx) - (z * r - x * y));
}

/* x less n * pi/2, as y[0] + y[1]; the result is n modulo 4. Of x that is large and positive. Numbers are cut in pieces of
   24 bits: x in three, 2/pi and pi/2 in as many as it takes. */
static int reduce_large(double x, double *y)
{
    enum { LAST = 4, PIECES_MAX = 20 };
    static const int32_t TWO_OVER_PI[] = {
        0xA2F983, 0x6E4E44, 0x1529FC, 0x2757D1, 0xF534DD, 0xC0DB62, 0x95993C, 0x439041, 0xFE5163, 0xABDEBB, 0xC561B7,
        0x246E3A, 0x424DD2, 0xE00649, 0x2EEA09, 0xD1921C, 0xFE1DEB, 0x1CB129, 0xA73EE8, 0x8235F5, 0x2EBB44, 0x84E99C,
        0x7026B4, 0x5F7E41, 0x3991D6, 0x398353, 0x39F49C, 0x845F8B, 0xBDF928, 0x3B1FF8, 0x97FFDE, 0x05980F, 0xEF2F11,
        0x8B5A0A, 0x6D1F6D, 0x367ECF, 0x27CB09, 0xB74F46, 0x3F669E, 0x5FEA2D, 0x7527BA, 0xC7EBE5, 0xF17B3D, 0x0739F7,
        0x8A5292, 0xEA6BFB, 0x5FB11F, 0x8D5D08, 0x560330, 0x46FC7B, 0x6BABF0, 0xCFBC20, 0x9AF436, 0x1DA9E3, 0x91615E,
        0xE61B08, 0x659985, 0x5F14A0, 0x68408D, 0xFFD880, 0x4D7327, 0x310606, 0x1556CA, 0x73A8C9, 0x60E27B, 0xC08C6B,
    };
    static const double PIO2[] = {
        1.57079625129699707031e+00, 7.54978941586159635335e-08, 5.39030252995776476554e-15, 3.28200341580791294123e-22,
        1.27065575308067607349e-29,
    };
    double tx[3], f[PIECES_MAX], q[PIECES_MAX], fq[PIECES_MAX] = { 0 }, z, fw;
    int32_t iq[PIECES_MAX];
    int e0 = (high(x) >> 20) - 1046, nx = 3, jx, jv, jz = LAST, q0, i, j, k, n, ih, carry;

    z = with_high(x, high(x) - e0 * 0x100000);
    for (i = 0; i < 2; i++) {
        tx[i] = (int32_t)z;
        z = (z - tx[i]) * 0x1p24;
    }
    tx[2] = z;
    while (tx[nx - 1] == 0)
        nx--;
    jx = nx - 1;
    jv = e0 < 3 ? 0 : (e0 - 3) / 24;
    q0 = e0 - 24 * (jv + 1);
    for (i = 0; i <= jx + LAST; i++)
        f[i] = jv - jx + i < 0 ? 0 : TWO_OVER_PI[jv - jx + i];
    for (i = 0; i <= LAST; i++)
        for (q[i] = 0, j = 0; j <= jx; j++)
            q[i] += tx[j] * f[jx + i - j];

    for (;;) {
        for (i = 0, j = jz, z = q[jz]; j > 0; i++, j--) {
            fw = (int32_t)(0x1p-24 * z);
            iq[i] = (int32_t)(z - 0x1p24 * fw);
            z = q[j - 1] + fw;
        }
        z = scalbn(z, q0);
        z -= 8.0 * floor(z * 0.125);
        n = (int32_t)z;
        z -= n;
        ih = 0;
        if (q0 > 0) {
            i = iq[jz - 1] >> (24 - q0);
            n += i;
            iq[jz - 1] -= i << (24 - q0);
            ih = iq[jz - 1] >> (23 - q0);
        } else if (q0 == 0) {
            ih = iq[jz - 1] >> 23;
        } else if (z >= 0.5) {
            ih = 2;
        }
        if (ih > 0) { /* above a half: what is missing to one */
            n += 1;
            for (i = 0, carry = 0; i < jz; i++) {
                if (carry)
                    iq[i] = 0xffffff - iq[i];
                else if (iq[i] != 0) {
                    carry = 1;
                    iq[i] = 0x1000000 - iq[i];
                }
            }
            if (q0 > 0)
                iq[jz - 1] &= 0xffffff >> q0;
            if (ih == 2) {
                z = 1 - z;
                if (carry)
                    z -= scalbn(1, q0);
            }
        }
        if (z != 0)
            break;
        for (i = jz - 1, j = 0; i >= LAST; i--)
            j |= iq[i];
        if (j != 0)
            break;
        /* So close to n * pi/2 that it takes more pieces. */
        for (k = 1; iq[LAST - k] == 0; k++)
            ;
        for (i = jz + 1; i <= jz + k; i++) {
            f[jx + i] = TWO_OVER_PI[jv + i];
            for (q[i] = 0, j = 0; j <= jx; j++)
                q[i] += tx[j] * f[jx + i - j];
        }
        jz += k;
    }

    if (z == 0) {
        do {
            jz--;
            q0 -= 24;
        } while (iq[jz] == 0);
    } else {
        z = scalbn(z, -q0);
        if (z >= 0x1p24) {
            fw = (int32_t)(0x1p-24 * z);
            iq[jz++] = (int32_t)(z - 0x1p24 * fw);
            q0 += 24;
            iq[jz] = (int32_t)fw;
        } else {
            iq[jz] = (int32_t)z;
        }
    }
    for (i = jz, fw = scalbn(1, q0); i >= 0; i--, fw *= 0x1p-24)
        q[i] = fw * iq[i];
    for (i = jz; i >= 0; i--) {
        for (fw = 0, k = 0; k <= LAST && k <= jz - i; k++)
            fw += PIO2[k] * q[i + k];
        fq[jz - i] = fw;
    }
    for (i = jz, fw = 0; i >= 0; i--)
        fw += fq[i];
    y[0] = ih == 0 ? fw : -fw;
    for (i = 1, fw = fq[0] - fw; i <= jz; i++)
        fw += fq[i];
    y[1] = ih == 0 ? fw : -fw;
    return n & 3;
}

static int reduce(double x, double *y)
{
    static const double
        INVPIO2 = 6.36619772367581382433e-01,
        PIO2_1 = 1.57079632673412561417e+00, PIO2_1T = 6.07710050650619224932e-11,
        PIO2_2 = 6.07710050630396597660e-11, PIO2_2T = 2.02226624879595063154e-21,
        PIO2_3 = 2.02226624871116645580e-21, PIO2_3T = 8.47842766036889956997e-32;
    int32_t ix = high(x) & 0x7fffffff, n, exponent;
    double ax = fabs(x), t, r, w, fn;

    if (ix > 0x413921fb) { /* |x| > 2**19 * pi/2 */
        n = reduce_large(ax, y);
    } else if (ix < 0x4002d97c) { /* |x| < 3/4 pi */
        r = ax - PIO2_1;
        if (ix != 0x3ff921fb) {
            w = PIO2_1T;
        } else { /* near pi/2 */
            r -= PIO2_2;
            w = PIO2_2T;
        }
        n = 1;
        y[0] = r - w;
        y[1] = (r - y[0]) - w;
    } else {
        n = (int32_t)(ax * INVPIO2 + 0.5);
        fn = n;
        r = ax - fn * PIO2_1;
        w = fn * PIO2_1T;
        y[0] = r - w;
        exponent = ix >> 20;
        if (exponent - (high(y[0]) >> 20 & 0x7ff) > 16) {
            t = r;
            w = fn * PIO2_2;
            r = t - w;
            w = fn * PIO2_2T - ((t - r) - w);
            y[0] = r - w;
            if (exponent - (high(y[0]) >> 20 & 0x7ff) > 49) {
                t = r;
                w = fn * PIO2_3;
                r = t - w;
                w = fn * PIO2_3T - ((t - r) - w);
                y[0] = r - w;
            }
        }
        y[1] = (r - y[0]) - w;
    }
    if (x < 0) {
        y[0] = -y[0];
        y[1] = -y[1];
        n = -n;
    }
    return n & 3;
}

/* The sine of x and so many quarters of a turn. */
static double sine(double x, int quarters)
{
    double y[2] = { x, 0 }, z;

    if (!isfinite(x))
        return NAN;
    if ((high(x) & 0x7fffffff) > 0x3fe921fb) /* |x| > pi/4 */
        quarters += reduce(x, y);
    z = quarters & 1 ? kernel_cos(y[0], y[1]) : kernel_sin(y[0], y[1]);
    return quarters & 2 ? -z : z;
}

double v8_sin(double x)
{
    return sine(x, 0);
}

double v8_cos(double x)
{
    return sine(x, 1);
}

/* ---- hypot ---- */

/* Of numbers that are neither infinite nor NaN and at most `max`, which is not 0: scaled, and summed as Kahan does. */
double v8_hypot(const double *numbers, int count, double max)
{
    double sum = 0, compensation = 0;
    int i;

    for (i = 0; i < count; i++) {
        double n = fabs(numbers[i]) / max;
        double summand = n * n - compensation;
        double preliminary = sum + summand;
        compensation = (preliminary - sum) - summand;
        sum = preliminary;
    }
    return sqrt(sum) * max;
}
