/* Spectral mixing in cache: forward FFT, filter, inverse FFT of one slab of 16 channels at a time.
 *
 * Layout: pictures are [N, N, C] float32, channels last. A slab is 16 neighbouring channels, one
 * vector; every operation below is elementwise on vectors, so no transform ever crosses channels.
 * The whole slab of a picture stays in a scratch buffer of at most 540 KB between its passes.
 *
 *   pair      two real pictures under one filter, as real and imaginary part of one transform
 *   single    one real picture: rows r and r + N/2 as real and imaginary part, half the work
 *   correlate conj(X) Y of two real pictures, summed into the gradient of the filter
 *
 * Filters are packed [slab][kx = 0..N/2][ky = 0..N-1][re, im][16], that of a real kernel (X(-k) =
 * conj X(k)); gains are [bands][C], and band[kx][ky] says which one scales a frequency.
 *
 * Compiled once per instruction set with -DVARIANT=name; no threads, no allocation, no state but
 * the twiddle table, which is filled once.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef LANES
#define LANES 16
#endif
#define MAX_N 64
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(base) JOIN(base, VARIANT)
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

typedef struct {
    vec re, im;
} cvec;

INLINE vec load(const float *at) { return *(const loose *)at; }
INLINE void store(float *at, vec v) { *(loose *)at = v; }

/* cos and sin of 2 pi p / n, for n = 8, 16, 32, 64 at [n + p]. */
static float turn_cos[2 * MAX_N], turn_sin[2 * MAX_N];

__attribute__((constructor)) static void fill_turns(void) {
    for (int n = 4; n <= MAX_N; n *= 2)
        for (int p = 0; p < n; p++) {
            turn_cos[n + p] = (float)cos(2.0 * M_PI * p / n);
            turn_sin[n + p] = (float)sin(2.0 * M_PI * p / n);
        }
}

INLINE cvec add(cvec a, cvec b) { return (cvec){a.re + b.re, a.im + b.im}; }
INLINE cvec sub(cvec a, cvec b) { return (cvec){a.re - b.re, a.im - b.im}; }
INLINE cvec mul(cvec a, cvec b) {
    return (cvec){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
INLINE cvec conj_mul(cvec a, cvec b) { /* conj(a) b */
    return (cvec){a.re * b.re + a.im * b.im, a.re * b.im - a.im * b.re};
}
/* a e^(-+ 2 pi i p / n): forward for sign -1. */
INLINE cvec turned(cvec a, int n, int p, int sign) {
    float c = turn_cos[n + p], s = (float)sign * turn_sin[n + p];
    return (cvec){a.re * c - a.im * s, a.re * s + a.im * c};
}

/* One radix-4 step of Stockham's autosorting FFT (length n, stride s), so no bit is reversed. */
INLINE void quarter(const cvec *x, cvec *y, int n, int s, int sign) {
    int m = n / 4;
    for (int p = 0; p < m; p++)
        for (int q = 0; q < s; q++) {
            cvec a = x[q + s * p], b = x[q + s * (p + m)];
            cvec c = x[q + s * (p + 2 * m)], d = x[q + s * (p + 3 * m)];
            cvec ac = add(a, c), bd = add(b, d), a_c = sub(a, c), b_d = sub(b, d);
            cvec turn = sign < 0 ? (cvec){b_d.im, -b_d.re} : (cvec){-b_d.im, b_d.re};
            cvec one = add(a_c, turn), two = sub(ac, bd), three = sub(a_c, turn);
            cvec *to = y + q + s * 4 * p;
            to[0] = add(ac, bd);
            if (p == 0) {
                to[s] = one;
                to[2 * s] = two;
                to[3 * s] = three;
            } else {
                to[s] = turned(one, n, p, sign);
                to[2 * s] = turned(two, n, 2 * p, sign);
                to[3 * s] = turned(three, n, 3 * p, sign);
            }
        }
}

INLINE void half(const cvec *x, cvec *y, int s) {
    for (int q = 0; q < s; q++) {
        cvec a = x[q], b = x[q + s];
        y[q] = add(a, b);
        y[q + s] = sub(a, b);
    }
}

/* Unnormalised transform of a[N]; b is scratch. Returns where the result lies. */
INLINE cvec *transform(cvec *a, cvec *b, int n, int sign) {
    if (n == 8) {
        quarter(a, b, 8, 1, sign);
        half(b, a, 4);
        return a;
    }
    if (n == 16) {
        quarter(a, b, 16, 1, sign);
        quarter(b, a, 4, 4, sign);
        return a;
    }
    if (n == 32) {
        quarter(a, b, 32, 1, sign);
        quarter(b, a, 8, 4, sign);
        half(a, b, 16);
        return b;
    }
    quarter(a, b, 64, 1, sign);
    quarter(b, a, 16, 4, sign);
    quarter(a, b, 4, 16, sign);
    return b;
}

INLINE cvec filter_at(const float *filter, int index) {
    return (cvec){load(filter + (size_t)index * 2 * LANES),
                  load(filter + (size_t)index * 2 * LANES + LANES)};
}

INLINE vec gain_at(const float *gains, const uint8_t *band, int index, int channels, float scale) {
    return load(gains + (size_t)band[index] * channels) * scale;
}

INLINE cvec scaled(cvec a, vec g) { return (cvec){a.re * g, a.im * g}; }

/* Transforms along the first `rows` rows of x1 + i x2, into the buffer, whose rows are n + 1 apart:
 * an even pitch would put a column into one cache set. */
INLINE void rows_in(const float *x1, const float *x2, cvec *buffer, int rows, int n, int channels,
                    cvec *one, cvec *two) {
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < n; c++) {
            size_t at = ((size_t)r * n + c) * channels;
            one[c] = (cvec){load(x1 + at), load(x2 + at)};
        }
        memcpy(buffer + r * (n + 1), transform(one, two, n, -1), n * sizeof(cvec));
    }
}

/* The same way back: real parts to y1, imaginary ones to y2. */
INLINE void rows_out(const cvec *buffer, float *y1, float *y2, int rows, int n, int channels,
                     cvec *one, cvec *two) {
    for (int r = 0; r < rows; r++) {
        memcpy(one, buffer + r * (n + 1), n * sizeof(cvec));
        cvec *s = transform(one, two, n, 1);
        for (int c = 0; c < n; c++) {
            size_t at = ((size_t)r * n + c) * channels;
            store(y1 + at, s[c].re);
            store(y2 + at, s[c].im);
        }
    }
}

/* One slab of two pictures: y1 + i y2 = IFFT(FFT(x1 + i x2) G). */
INLINE void pair(const float *x1, const float *x2, const float *filter, const float *gains,
                 const uint8_t *band, float *y1, float *y2, int n, int channels, cvec *buffer) {
    int pitch = n + 1, m = n / 2;
    float scale = 1.0f / (float)(n * n);
    cvec one[MAX_N], two[MAX_N];
    rows_in(x1, x2, buffer, n, n, channels, one, two);
    for (int kx = 0; kx < n; kx++) {
        for (int r = 0; r < n; r++) one[r] = buffer[r * pitch + kx];
        cvec *s = transform(one, two, n, -1);
        for (int ky = 0; ky < n; ky++) {
            int index = kx <= m ? kx * n + ky : (n - kx) * n + ((n - ky) & (n - 1));
            cvec g = filter_at(filter, index);
            if (kx > m) g.im = -g.im;
            s[ky] = mul(scaled(s[ky], gain_at(gains, band, index, channels, scale)), g);
        }
        s = transform(s, s == one ? two : one, n, 1);
        for (int r = 0; r < n; r++) buffer[r * pitch + kx] = s[r];
    }
    rows_out(buffer, y1, y2, n, n, channels, one, two);
}

/* Spectra a, b of two real sequences from that of a + i b, twice their size:
 * 2 A(k) = T(k) + conj T(-k), 2 B(k) = -i (T(k) - conj T(-k)). */
INLINE cvec first_of(cvec t, cvec u) { return (cvec){t.re + u.re, t.im - u.im}; }
INLINE cvec second_of(cvec t, cvec u) { return (cvec){t.im + u.im, u.re - t.re}; }

/* One slab of one picture. Rows r and r + N/2 share a transform along the row; columns kx and -kx
 * are each other's conjugate, so only kx <= N/2 are made; kx = 0 and N/2 are real before their
 * transform and share one too. */
INLINE void single(const float *x, const float *filter, const float *gains, const uint8_t *band,
                   float *y, int n, int channels, cvec *buffer) {
    int pitch = n + 1, m = n / 2;
    float scale = 0.5f / (float)(n * n);
    size_t below = (size_t)m * n * channels;
    cvec one[MAX_N], two[MAX_N];
    rows_in(x, x + below, buffer, m, n, channels, one, two);
    for (int r = 0; r < m; r++) {
        cvec a = buffer[r * pitch], b = buffer[r * pitch + m];
        one[r] = (cvec){a.re, b.re};
        one[r + m] = (cvec){a.im, b.im};
    }
    cvec *t = transform(one, two, n, -1);
    cvec *u = t == one ? two : one;
    for (int ky = 0; ky < n; ky++) {
        int back = (n - ky) & (n - 1);
        int low = ky, high = m * n + ky;
        cvec a = mul(scaled(first_of(t[ky], t[back]),
                            gain_at(gains, band, low, channels, scale)),
                     filter_at(filter, low));
        cvec b = mul(scaled(second_of(t[ky], t[back]),
                            gain_at(gains, band, high, channels, scale)),
                     filter_at(filter, high));
        u[ky] = (cvec){a.re - b.im, a.im + b.re};
    }
    t = transform(u, t, n, 1);
    for (int r = 0; r < m; r++) {
        buffer[r * pitch] = (cvec){t[r].re, t[r + m].re};
        buffer[r * pitch + m] = (cvec){t[r].im, t[r + m].im};
    }
    for (int kx = 1; kx < m; kx++) {
        for (int r = 0; r < m; r++) {
            cvec a = buffer[r * pitch + kx], b = buffer[r * pitch + n - kx];
            one[r] = first_of(a, b);
            one[r + m] = second_of(a, b);
        }
        cvec *s = transform(one, two, n, -1);
        for (int ky = 0; ky < n; ky++) {
            int index = kx * n + ky;
            s[ky] = mul(scaled(s[ky], gain_at(gains, band, index, channels, scale)),
                        filter_at(filter, index));
        }
        s = transform(s, s == one ? two : one, n, 1);
        for (int r = 0; r < m; r++) {
            cvec a = s[r], b = s[r + m];
            buffer[r * pitch + kx] = (cvec){a.re - b.im, a.im + b.re};
            buffer[r * pitch + n - kx] = (cvec){a.re + b.im, b.re - a.im};
        }
    }
    rows_out(buffer, y, y + below, m, n, channels, one, two);
}

/* d filter += gain conj(X) Y, d gain += Re(conj(X G) Y), each frequency of the half plane as often
 * as the whole plane has it, over N^2. */
INLINE void correlate(const float *x, const float *dy, const float *filter, const float *gains,
                      const uint8_t *band, float *d_filter, float *d_gains, int n, int channels,
                      cvec *buffer) {
    int pitch = n + 1, m = n / 2;
    cvec one[MAX_N], two[MAX_N];
    rows_in(x, dy, buffer, n, n, channels, one, two);
    for (int kx = 0; kx < n; kx++) {
        for (int r = 0; r < n; r++) one[r] = buffer[r * pitch + kx];
        cvec *s = transform(one, two, n, -1);
        for (int ky = 0; ky < n; ky++) buffer[ky * pitch + kx] = s[ky];
    }
    for (int kx = 0; kx <= m; kx++) {
        float scale = (kx == 0 || kx == m ? 0.25f : 0.5f) / (float)(n * n);
        for (int ky = 0; ky < n; ky++) {
            int index = kx * n + ky;
            cvec t = buffer[ky * pitch + kx];
            cvec u = buffer[((n - ky) & (n - 1)) * pitch + ((n - kx) & (n - 1))];
            vec gain = gain_at(gains, band, index, channels, 1.0f);
            cvec both = conj_mul(first_of(t, u), second_of(t, u));
            both = scaled(both, gain * 0.0f + scale);
            cvec g = filter_at(filter, index);
            float *to = d_filter + (size_t)index * 2 * LANES;
            store(to, load(to) + both.re * gain);
            store(to + LANES, load(to + LANES) + both.im * gain);
            float *gain_to = d_gains + (size_t)band[index] * channels;
            store(gain_to, load(gain_to) + both.re * g.re + both.im * g.im);
        }
    }
}

/* Only known sizes, so that each transform is compiled for its own. */
#define FOR_SIZE(n, call) \
    switch (n) { \
    case 8: { enum { SIZE = 8 }; call; } break; \
    case 16: { enum { SIZE = 16 }; call; } break; \
    case 32: { enum { SIZE = 32 }; call; } break; \
    case 64: { enum { SIZE = 64 }; call; } break; \
    }

/* Units first .. last - 1 of slabs x pictures, slab by slab, so that its filter stays in cache. */
void NAME(mix_single)(const float *x, const float *filter, const float *gains,
                      const uint8_t *band, float *y, int n, int channels, int pictures, int bands,
                      int first, int last, float *scratch) {
    size_t picture = (size_t)n * n * channels, slab_size = (size_t)n * (n / 2 + 1) * 2 * LANES;
    for (int unit = first; unit < last; unit++) {
        int slab = unit / pictures, i = unit % pictures, at = slab * LANES;
        const float *f = filter + slab * slab_size;
        const float *g = gains + (size_t)i * bands * channels + at;
        const float *from = x + i * picture + at;
        float *to = y + i * picture + at;
        FOR_SIZE(n, single(from, f, g, band, to, SIZE, channels, (cvec *)scratch))
    }
}

/* The same with pictures i and i + pictures as one. */
void NAME(mix_pair)(const float *x, const float *filter, const float *gains, const uint8_t *band,
                    float *y, int n, int channels, int pictures, int bands, int first, int last,
                    float *scratch) {
    size_t picture = (size_t)n * n * channels, slab_size = (size_t)n * (n / 2 + 1) * 2 * LANES;
    size_t other = picture * pictures;
    for (int unit = first; unit < last; unit++) {
        int slab = unit / pictures, i = unit % pictures, at = slab * LANES;
        const float *f = filter + slab * slab_size;
        const float *g = gains + (size_t)i * bands * channels + at;
        const float *from = x + i * picture + at;
        float *to = y + i * picture + at;
        FOR_SIZE(n, pair(from, from + other, f, g, band, to, to + other, SIZE, channels,
                         (cvec *)scratch))
    }
}

/* Gradients of filter (summed over pictures) and gains; both must be 0 before. Slabs first .. */
void NAME(mix_correlate)(const float *x, const float *dy, const float *filter, const float *gains,
                         const uint8_t *band, float *d_filter, float *d_gains, int n, int channels,
                         int pictures, int bands, int first, int last, float *scratch) {
    size_t picture = (size_t)n * n * channels, slab_size = (size_t)n * (n / 2 + 1) * 2 * LANES;
    for (int slab = first; slab < last; slab++)
        for (int i = 0; i < pictures; i++) {
            size_t from = i * picture + slab * LANES, g = (size_t)i * bands * channels + slab * LANES;
            const float *f = filter + slab * slab_size;
            float *df = d_filter + slab * slab_size;
            FOR_SIZE(n, correlate(x + from, dy + from, f, gains + g, band, df, d_gains + g, SIZE,
                                  channels, (cvec *)scratch))
        }
}
