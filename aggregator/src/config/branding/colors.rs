//! The owner's colours: whether they can be read on the surfaces of a page, and the nearest that can.

use palette::color_difference::Wcag21RelativeContrast as _;
use palette::convert::FromColorUnclamped as _;
use palette::{IsWithinBounds as _, Oklch, Srgb};
use skerry_domain::branding::Color;

/// WCAG 2.2, 1.4.3, for text.
const CONTRAST: f32 = 4.5;

/// A scheme of a page, with its page and raised surfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    fn surfaces(self) -> [Color; 2] {
        match self {
            Self::Light => [Color([0xff, 0xff, 0xff]), Color([0xf6, 0xf7, 0xf8])],
            Self::Dark => [Color([0x12, 0x15, 0x17]), Color([0x1a, 0x1e, 0x21])],
        }
    }

    /// The lowest contrast of a colour with the surfaces.
    pub(super) fn contrast(self, color: Color) -> f32 {
        let contrasts = self.surfaces().map(|surface| srgb(color).relative_contrast(srgb(surface)));
        contrasts[0].min(contrasts[1])
    }

    pub(super) fn is_readable(self, color: Color) -> bool {
        self.contrast(color) >= CONTRAST
    }

    /// The colour itself if it can be read; otherwise the nearest in lightness of the same hue. Its chroma is reduced
    /// only where sRGB has none so strong.
    pub(super) fn nearest(self, color: Color) -> Color {
        if self.is_readable(color) {
            return color;
        }
        let (end, step) = match self {
            Self::Light => (0.0, -0.004_f32),
            Self::Dark => (1.0, 0.004),
        };
        let mut shade = Oklch::from_color_unclamped(srgb(color));
        while (end - shade.l) * step > 0.0 {
            shade.l += step;
            let candidate = displayable(shade);
            if self.is_readable(candidate) {
                return candidate;
            }
        }
        match self {
            Self::Light => Color([0; 3]),
            Self::Dark => Color([0xff; 3]),
        }
    }
}

/// The colour of this lightness and hue with as much chroma as sRGB has.
fn displayable(mut shade: Oklch) -> Color {
    let mut shown = Srgb::from_color_unclamped(shade);
    while !shown.is_within_bounds() && shade.chroma > 0.0 {
        shade.chroma = (shade.chroma - 0.004).max(0.0);
        shown = Srgb::from_color_unclamped(shade);
    }
    let clamp = |part: f32| part.clamp(0.0, 1.0);
    let shown = Srgb::new(clamp(shown.red), clamp(shown.green), clamp(shown.blue)).into_format::<u8>();
    Color([shown.red, shown.green, shown.blue])
}

fn srgb(color: Color) -> Srgb<f32> {
    let [red, green, blue] = color.0;
    Srgb::new(red, green, blue).into_format()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_the_design_are_kept_and_faint_ones_move_in_lightness_only() {
        let color = |text| Color::from_hex(text).expect("a colour");
        let (light, dark) = (color("#2b4fae"), color("#9db8f5"));
        assert!((Scheme::Light.contrast(light) - 7.0).abs() < 0.5, "{}", Scheme::Light.contrast(light));
        assert_eq!(Scheme::Light.nearest(light), light);
        assert_eq!(Scheme::Dark.nearest(dark), dark);
        assert!(!Scheme::Dark.is_readable(light) && !Scheme::Light.is_readable(dark));
        for faint in ["#ffcc00", "#9db8f5", "#ffffff", "#ff69b4", "#00ff00", "#777777"] {
            let found = Scheme::Light.nearest(color(faint));
            assert!(Scheme::Light.is_readable(found), "{faint} became {found}");
            assert!(
                Scheme::Light.contrast(found) < 4.8,
                "{faint} became {found}, which is further than it must"
            );
        }
        for faint in ["#2b4fae", "#000000", "#8b0000", "#0000ff", "#333333"] {
            let found = Scheme::Dark.nearest(color(faint));
            assert!(Scheme::Dark.is_readable(found), "{faint} became {found}");
            assert!(
                Scheme::Dark.contrast(found) < 4.8,
                "{faint} became {found}, which is further than it must"
            );
        }
    }

    #[test]
    fn any_colour_becomes_readable_in_both_schemes_and_keeps_its_hue() {
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let color = Color([red, green, blue]);
                    for scheme in [Scheme::Light, Scheme::Dark] {
                        let found = scheme.nearest(color);
                        assert!(scheme.is_readable(found), "{color} became {found}");
                        let (before, after) = (
                            Oklch::from_color_unclamped(srgb(color)),
                            Oklch::from_color_unclamped(srgb(found)),
                        );
                        if before.chroma > 0.05 && after.chroma > 0.05 {
                            let turned = (before.hue - after.hue).into_degrees().abs();
                            assert!(turned < 3.0, "{color} became {found}: {turned} degrees");
                        }
                    }
                }
            }
        }
    }
}
